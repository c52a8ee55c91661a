package reset

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// testLabs stand for the workshop's.
var testLabs = []Start{
	{Lab: "order", Topics: []string{"scoreGame", "three"}, Groups: []string{"group1"}},
	{Lab: "offsets", Topics: []string{"scoreGame"}, Groups: []string{"group1"}},
}

func testTopics() []kafka.Topic {
	return kafka.Topic{Name: "scoreGame", Partitions: 1, Replicas: 3}.WithDeadLetters()
}

// names are the topics of a cluster that are not Kafka's own, and its groups.
func names(t *testing.T, c *kafkatest.Cluster) (topics, groups []string) {
	t.Helper()
	s := admintest.Open(t, c)
	meta, err := s.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range meta.Topics {
		if !session.IsInternal(topic) {
			topics = append(topics, topic.Name)
		}
	}
	listed, err := coordinator.List(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range listed {
		groups = append(groups, g.Group)
	}
	return topics, groups
}

func wantNames(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

const (
	leftTopic = "lab-order-ABC234-scoreGame"
	leftGroup = "lab-order-ABC234-group-board"
)

// afterALab is a cluster on which a student has worked: a topic with other partitions than it should have,
// what a run with --keep has left, a topic of the page, and things that are nobody's business.
func afterALab(t *testing.T) *kafkatest.Cluster {
	t.Helper()
	c := kafkatest.Start(t, "scoreGame:3", "three:3", "mine:1", leftTopic+":3", "lab-order-x-scoreGame:1", "lab-offsets-ABC234-scoreGame:1")
	c.ProduceValues("mine", "0", "1")
	c.ProduceValues("three", "0")
	admintest.Commit(t, c, "group1", "scoreGame", 0, 0)
	admintest.Commit(t, c, leftGroup, leftTopic, 0, 0)
	admintest.Commit(t, c, "mine", "scoreGame", 1, 0)
	admintest.Commit(t, c, "mine", "mine", 0, 1)
	return c
}

func TestResetLab(t *testing.T) {
	c := afterALab(t)
	want := "KIND NAME HAS ACTION\n" +
		"topic " + leftTopic + " 3 partitions, up to 0 messages delete\n" +
		"topic scoreGame 3 partitions, up to 0 messages recreate: 1 partition, 3 replicas\n" +
		"topic three 3 partitions, up to 1 message delete\n" +
		"topic scoreGame.dlq - create: 1 partition, 3 replicas\n" +
		"group group1 offsets in 1 partition delete\n" +
		"group " + leftGroup + " offsets in 1 partition delete\n" +
		"group mine offsets in 2 partitions forget scoreGame"
	for _, flag := range [][]string{nil, {"--dry-run"}} {
		got := workshop(t, c.Kafka(), append([]string{"reset", "order"}, flag...)...).OK(t)
		if admintest.Columns(got.Stdout) != want {
			t.Errorf("the plan is\n%s\nwant\n%s", admintest.Columns(got.Stdout), want)
		}
		admintest.Contains(t, got.Stderr, "this was a dry run")
	}
	admintest.Contains(t, admintest.Columns(root.In(service.Portuguese).Run(t, c.Kafka(), "reset", "order").OK(t).Stdout), ""+
		"tópico scoreGame 3 partições, até 0 mensagens recriar: 1 partição, 3 réplicas\n"+
		"tópico three 3 partições, até 1 mensagem apagar\n"+
		"tópico scoreGame.dlq - criar: 1 partição, 3 réplicas\n"+
		"grupo group1 offsets em 1 partição apagar\n"+
		"grupo "+leftGroup+" offsets em 1 partição apagar\n"+
		"grupo mine offsets em 2 partições esquecer scoreGame")
	topics, groups := names(t, c)
	wantNames(t, "topics after a dry run", topics,
		"lab-offsets-ABC234-scoreGame", leftTopic, "lab-order-x-scoreGame", "mine", "scoreGame", "three")
	wantNames(t, "groups after a dry run", groups, "group1", leftGroup, "mine")

	got := workshop(t, c.Kafka(), "reset", "order", "--execute").OK(t)
	if admintest.Columns(got.Stdout) != want || got.Stderr != "" {
		t.Errorf("executed:\n%s\nwant\n%s\non standard error: %s", admintest.Columns(got.Stdout), want, got.Stderr)
	}
	topics, groups = names(t, c)
	wantNames(t, "topics", topics, "lab-offsets-ABC234-scoreGame", "lab-order-x-scoreGame", "mine", "scoreGame", "scoreGame.dlq")
	wantNames(t, "groups", groups, "mine")
	admintest.Contains(t, admintest.Columns(workshop(t, c.Kafka(), "topics", "list").OK(t).Stdout), "scoreGame 1 3")
	offsets, err := coordinator.Committed(t.Context(), admintest.Open(t, c), "mine")
	if err != nil || len(offsets) != 1 || offsets[offset.Place{Topic: "mine", Partition: 0}] != 1 {
		t.Errorf("group mine has the offsets %v, %v", offsets, err)
	}
	again := workshop(t, c.Kafka(), "reset", "order", "--execute").OK(t)
	if again.Stdout != "KIND  NAME  HAS  ACTION\n" ||
		!strings.Contains(again.Stderr, "nothing to do: everything is as at the start of order") {
		t.Errorf("a second time:\n%s%s", again.Stdout, again.Stderr)
	}
}

// What was sent makes a difference, also where the topic looks as it should.
func TestResetLabEmptiesATopic(t *testing.T) {
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	c.ProduceValues("scoreGame", "0", "1")
	var got result
	if err := json.Unmarshal([]byte(workshop(t, c.Kafka(), "reset", "offsets", "--execute", "-o", "json").OK(t).Stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.Lab != "offsets" || !got.Executed || len(got.Steps) != 1 {
		t.Fatalf("result %+v", got)
	}
	if s := got.Steps[0]; s.Kind != "topic" || s.Name != "scoreGame" || s.Action != "recreate" || s.Partitions != 1 || s.Replicas != 3 {
		t.Errorf("step %+v", s)
	}
	if left := c.ReadAll("scoreGame"); len(left) != 0 {
		t.Errorf("%d messages are left", len(left))
	}
}

// Nothing is changed while somebody is at work with it.
func TestResetLabIsRefused(t *testing.T) {
	for _, c := range []struct{ name, group, topic string }{
		{"a group of the page", "group1", "scoreGame"},
		{"a group of the page, on another topic", "group1", "mine"},
		{"a group of a run", leftGroup, leftTopic},
		{"somebody else's group on a topic of the page", "theirs", "scoreGame"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster := afterALab(t)
			topicsBefore, groupsBefore := names(t, cluster)
			leave := admintest.Join(t, cluster, c.group, c.topic)
			for _, args := range [][]string{{"reset", "order"}, {"reset", "order", "--execute"}} {
				workshop(t, cluster.Kafka(), args...).Fails(t, "group "+c.group+": it has 1 active member (member@127.0.0.1): stop them first")
			}
			topics, groups := names(t, cluster)
			wantNames(t, "topics", topics, topicsBefore...)
			if c.group == "theirs" {
				groupsBefore = append(groupsBefore, "theirs")
			}
			wantNames(t, "groups", groups, groupsBefore...)
			leave()
			workshop(t, cluster.Kafka(), "reset", "order", "--execute").OK(t)
		})
	}
	// The control: a group that has nothing to do with it is in nobody's way.
	cluster := afterALab(t)
	admintest.Join(t, cluster, "theirs", "mine")
	workshop(t, cluster.Kafka(), "reset", "order", "--execute").OK(t)
}

func TestResetLabMistakes(t *testing.T) {
	c := kafkatest.Start(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"reset", "ordem"}, `there is no lab "ordem"; did you mean order? accepted: order, offsets`},
		{[]string{"reset", "Offset"}, `there is no lab "Offset"; did you mean offsets? accepted`},
		{[]string{"reset", "zzzzzzzz"}, `there is no lab "zzzzzzzz"; accepted: order, offsets`},
		{[]string{"reset"}, "name exactly one lab (got 0)"},
		{[]string{"reset", "order", "offsets"}, "name exactly one lab (got 2)"},
		{[]string{"reset", "order", "-o", "yaml"}, "accepted: table, json"},
		{[]string{"reset", "order", "--timeout", "0s"}, "--timeout has to be greater than 0"},
	} {
		got := workshop(t, c.Kafka(), tt.args...)
		got.Fails(t, tt.want)
		if !admintest.IsUsage(got.Err) {
			t.Errorf("%q: %v does not exit with 2", tt.args, got.Err)
		}
	}
	workshop(t, c.Kafka(), "reset", "order", "--execute", "--dry-run").Fails(t, "none of the others can be")
}
