package topic

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/session"
)

func describeJSON(t *testing.T, c *kafkatest.Cluster, names ...string) []describedTopic {
	t.Helper()
	var topics []describedTopic
	got := workshop(t, c.Kafka(), append([]string{"topics", "describe", "-o", "json"}, names...)...).OK(t)
	if err := json.Unmarshal([]byte(got.Stdout), &topics); err != nil {
		t.Fatal(err)
	}
	return topics
}

func TestCreateAlterDescribeDelete(t *testing.T) {
	c := kafkatest.Start(t)
	if topics := describeJSON(t, c); topics == nil || len(topics) != 0 {
		t.Errorf("an empty cluster has %v", topics)
	}
	workshop(t, c.Kafka(), "topics", "create", "meu-topico", "--partitions", "3", "--config", "retention.ms=60000").
		Prints(t, "meu-topico created: 3 partitions, 3 replicas\n")
	c.ProduceValues("meu-topico", "a", "b")
	d := describeJSON(t, c, "meu-topico")[0]
	if d.ReplicationFactor != 3 || len(d.Partitions) != 3 || fmt.Sprint(d.Config) != "map[min.insync.replicas:2 retention.ms:60000]" {
		t.Errorf("described as %+v", d)
	}
	var messages int64
	for _, p := range d.Partitions {
		messages += *p.Latest - *p.Earliest
	}
	if messages != 2 {
		t.Errorf("the offsets tell of %d messages, want 2", messages)
	}

	got := workshop(t, c.Kafka(), "topics", "alter", "meu-topico", "--partitions", "4", "--config", "retention.ms=").OK(t)
	admintest.Contains(t, got.Stdout, "meu-topico: 4 partitions, before 3\nmeu-topico: retention.ms=\n")
	admintest.Contains(t, got.Stderr, "keys go to other partitions")
	workshop(t, c.Kafka(), "topics", "alter", "meu-topico", "--partitions", "4").Prints(t, "meu-topico: has 4 partitions already\n")
	if d := describeJSON(t, c)[0]; len(d.Partitions) != 4 || fmt.Sprint(d.Config) != "map[min.insync.replicas:2]" {
		t.Errorf("described as %+v", d)
	}
	workshop(t, c.Kafka(), "topics", "delete", "meu-topico").Prints(t, "meu-topico deleted\n")
	workshop(t, c.Kafka(), "topics", "list", "-o", "json").Prints(t, "[]\n")
}

func TestTheDrawing(t *testing.T) {
	d := describedTopic{Topic: "t", ReplicationFactor: 3, Config: map[string]string{"a": "1"}, Brokers: []int32{1, 2, 3, 4}}
	leader := func(id int32) *int32 { return &id }
	d.Partitions = []describedPartition{
		{Partition: 0, Leader: leader(1), Replicas: []int32{1, 2, 3}, InSync: []int32{1, 2}, Offline: []int32{3}},
		{Partition: 1, Leader: leader(2), Replicas: []int32{2, 1, 4}, InSync: []int32{2, 4}},
		{Partition: 2, Replicas: []int32{3}, InSync: []int32{3}, Offline: []int32{3}},
	}
	stdout := &kafkatest.Output{}
	o := &session.Options{Tool: &session.Tool{Stdout: stdout}}
	if err := o.Print(nil, func(w io.Writer) { d.table(w, o.Tool) }); err != nil {
		t.Fatal(err)
	}
	want := `t: 3 partitions, replication factor 3, a=1
PARTITION  LEADER  REPLICAS  IN-SYNC  EARLIEST  LATEST
0          1       1,2,3     1,2      -         -  under-replicated
1          2       2,1,4     2,4      -         -  under-replicated
2          none    3         3        -         -  offline: no replica that is in sync is up

          P0  P1  P2
broker 1  L   !   .
broker 2  f   L   .
broker 3  ?   .   ?
broker 4  .   f   .
L leads   f follows, in sync   ! follows, not in sync   ? down   . holds nothing
`
	if got := stdout.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestRefusedChangesOfTopics(t *testing.T) {
	c := kafkatest.Start(t, "transactions:3", "__consumer_offsets:2")
	for _, r := range []struct {
		args, want string
		usage      bool
	}{
		{"create transactions", "topic transactions exists, with 3 partitions and 3 replicas", false},
		{"create new --replication-factor 4", "replication factor 4 needs 4 brokers, and 3 are up", false},
		{"create a/b", `"a/b" is not a topic's name`, true},
		{"create ..", `".." is not a topic's name`, true},
		{"create new --partitions 0", "--partitions has to be from 1", true},
		{"create new --replication-factor 0", "--replication-factor from 1", true},
		{"create new --config retention.ms", "accepted: NAME=VALUE", true},
		{"alter transactions --partitions 2", "it has 3 partitions, and Kafka cannot take any away", false},
		{"alter transactions", "nothing to change", true},
		{"alter transaction --partitions 5", "topic transaction does not exist; did you mean transactions?", false},
		{"describe transactions trnsactions", "did you mean transactions?", false},
		{"delete transactions transactoins", "did you mean transactions?", false},
		{"delete transactions __consumer_offsets", "__consumer_offsets is Kafka's own", true},
		{"delete trans*", `"trans*" is not a topic's name`, true},
	} {
		got := workshop(t, c.Kafka(), append([]string{"topics"}, strings.Fields(r.args)...)...)
		got.Fails(t, r.want)
		if admintest.IsUsage(got.Err) != r.usage {
			t.Errorf("%s: wrong use %t, want %t", r.args, admintest.IsUsage(got.Err), r.usage)
		}
	}
	if n := len(c.PartitionInfos("transactions")); n != 3 {
		t.Errorf("transactions has %d partitions after nothing but refusals", n)
	}
}

// Tables and drawings fit the terminal.
func TestDrawingFits(t *testing.T) {
	d := describedTopic{Topic: "lab-order-1a2b3c-transactions", ReplicationFactor: 3, Brokers: []int32{1, 2, 3},
		Config: map[string]string{"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}}
	for i := range int32(40) {
		d.Partitions = append(d.Partitions, describedPartition{Partition: i, Replicas: []int32{1, 2, 3}, InSync: []int32{2}})
	}
	for _, width := range []int{60, 80, 120} {
		stdout, _ := admintest.PrintOn(t, width, func(w io.Writer) { d.table(w, &session.Tool{Columns: func() int { return width }}) })
		admintest.Contains(t, stdout, "P39")
	}
}

func TestMarkOfEveryReplica(t *testing.T) {
	meta := &sarama.TopicMetadata{Name: "t", Partitions: []*sarama.PartitionMetadata{{Leader: -1, Replicas: []int32{5, 6}, Isr: []int32{5}}}}
	d := describe(meta, nil, nil, nil)
	if !slices.Equal(d.Brokers, []int32{5, 6}) || !slices.Equal(d.Partitions[0].Offline, []int32{5, 6}) || d.Partitions[0].Leader != nil {
		t.Errorf("with every broker down: %+v", d)
	}
}

// A busy controller gives up the wait for what it has begun. That is no failure.
func TestChangesThatTakeTheControllerLong(t *testing.T) {
	c := kafkatest.Start(t)
	c.CreateTopic("old:1")
	// It does the work, and answers that the time was too short.
	slow := func(key kmsg.Key, answer func(kmsg.Response)) {
		c.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			if create, ok := req.(*kmsg.CreateTopicsRequest); ok {
				go c.Cluster.CreateTopic(create.Topics[0].Topic, create.Topics[0].NumPartitions, nil)
			}
			resp := req.ResponseKind()
			answer(resp)
			return resp, nil, true
		})
	}
	slow(kmsg.CreateTopics, func(resp kmsg.Response) {
		topic := kmsg.NewCreateTopicsResponseTopic()
		topic.Topic, topic.ErrorCode = "new", kerr.RequestTimedOut.Code
		resp.(*kmsg.CreateTopicsResponse).Topics = append(resp.(*kmsg.CreateTopicsResponse).Topics, topic)
	})
	workshop(t, c.Kafka(), "topics", "create", "new", "--partitions", "2").Prints(t, "new created: 2 partitions, 3 replicas\n")
	slow(kmsg.DeleteTopics, func(resp kmsg.Response) {
		topic := kmsg.NewDeleteTopicsResponseTopic()
		topic.Topic, topic.ErrorCode = kmsg.StringPtr("old"), kerr.RequestTimedOut.Code
		resp.(*kmsg.DeleteTopicsResponse).Topics = append(resp.(*kmsg.DeleteTopicsResponse).Topics, topic)
	})
	workshop(t, c.Kafka(), "topics", "delete", "old", "--timeout", "500ms").
		Fails(t, "no answer within 500ms (what was asked for may be done all the same)")
}
