package group

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/session"
)

// joinConsumerGroup makes a member of a group of the consumer type (KIP-848), which has read and committed n
// messages when it returns.
func joinConsumerGroup(t *testing.T, c *kafkatest.Cluster, name, topic string, n int) (leave func()) {
	t.Helper()
	member, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ClientID("member"), kgo.ConsumerGroup(name),
		kgo.ConsumeTopics(topic), kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer(),
		kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	leave = sync.OnceFunc(member.Close)
	t.Cleanup(leave)
	ctx, cancel := context.WithTimeout(t.Context(), kafkatest.Deadline)
	defer cancel()
	for n > 0 {
		fetches := member.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		n -= fetches.NumRecords()
	}
	if err := member.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	return leave
}

func TestGroupsOfTheConsumerType(t *testing.T) {
	c := kafkatest.Start(t, "t:2")
	c.ProduceValues("t", "0", "1", "2")
	admintest.Commit(t, c, "old", "t", 0, 0)
	leave := joinConsumerGroup(t, c, "new", "t", 3)

	list := admintest.Columns(workshop(t, c.Kafka(), "groups", "list").OK(t).Stdout)
	admintest.Contains(t, list, "GROUP STATE TYPE PROTOCOL COORDINATOR\nnew Stable consumer - broker")
	admintest.Contains(t, list, "\nold Empty classic - broker")

	var d []describedGroup
	if err := json.Unmarshal([]byte(workshop(t, c.Kafka(), "groups", "describe", "new", "-o", "json").OK(t).Stdout), &d); err != nil {
		t.Fatal(err)
	}
	g := d[0]
	if g.Type != "consumer" || g.State != "Stable" || g.Assignor != "uniform" || len(g.Members) != 1 || len(g.Partitions) != 2 {
		t.Fatalf("described as %+v", g)
	}
	if m := g.Members[0]; m.ClientID != "member" || m.Host != "127.0.0.1" || len(m.Partitions["t"]) != 2 {
		t.Errorf("its member: %+v", m)
	}
	read := int64(0)
	for _, p := range g.Partitions {
		if p.MemberID == nil || *p.MemberID != g.Members[0].MemberID {
			t.Errorf("%s/%d is not its member's", p.Topic, p.Partition)
		}
		if p.CurrentOffset != nil {
			read += *p.CurrentOffset
		}
	}
	if read != 3 {
		t.Errorf("it has read %d messages, want 3", read)
	}

	workshop(t, c.Kafka(), "groups", "reset", "new", "--topic", "t", "--to", "earliest", "--execute").
		Fails(t, "it has 1 active member (member@127.0.0.1)")
	workshop(t, c.Kafka(), "groups", "delete", "old", "new").Fails(t, "it has 1 active member")
	leave()
	workshop(t, c.Kafka(), "groups", "reset", "new", "--topic", "t", "--to", "earliest", "--execute").OK(t)
	if a, b := c.Committed("new", "t", 0), c.Committed("new", "t", 1); a != 0 || b != 0 {
		t.Errorf("after the reset its offsets are %d and %d", a, b)
	}
	all := admintest.Columns(workshop(t, c.Kafka(), "groups", "describe", "--all-groups").OK(t).Stdout)
	admintest.Contains(t, all, "\nnew t 0 0 ")
	admintest.Contains(t, all, "\nold t 0 0 ")
	workshop(t, c.Kafka(), "groups", "delete", "new").Prints(t, "new deleted\n")
	workshop(t, c.Kafka(), "groups", "describe", "new").Fails(t, "group new does not exist")
}

// A member of the consumer type is told its target by the coordinator, and gets there by and by.
func TestTargetsAreNoted(t *testing.T) {
	var notes kafkatest.Output
	noteGroups(&session.Tool{Stderr: &notes}, []describedGroup{{Group: "new", State: "Reconciling", Members: []coordinator.Member{
		{MemberID: "slow", Host: "10.0.0.1", Partitions: map[string][]int32{"t": {0, 1}}, Target: map[string][]int32{"t": {0}}},
		{MemberID: "late", Host: "10.0.0.2", Target: map[string][]int32{"t": {1}, "s": {2, 3}}},
		{MemberID: "idle", Host: "10.0.0.3", Target: map[string][]int32{}},
		{MemberID: "done", Host: "10.0.0.4", Partitions: map[string][]int32{"u": {0}}},
	}}})
	for _, want := range []string{"(Reconciling)", "slow on 10.0.0.1 is to have t/0 instead",
		"late on 10.0.0.2 is to have s/2, s/3, t/1 instead",
		"idle on 10.0.0.3 is to have no partition instead"} {
		admintest.Contains(t, notes.String(), want)
	}
	if strings.Contains(notes.String(), "done") {
		t.Errorf("a member that has what it is to have is noted:\n%s", notes.String())
	}
}
