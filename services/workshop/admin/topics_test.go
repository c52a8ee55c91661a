package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/session"
)

func describeJSON(t *testing.T, c *kafkatest.Cluster, names ...string) []describedTopic {
	t.Helper()
	var topics []describedTopic
	got := workshop(t, c.Kafka(), append([]string{"topics", "describe", "-o", "json"}, names...)...).ok(t)
	if err := json.Unmarshal([]byte(got.stdout), &topics); err != nil {
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
		prints(t, "meu-topico created: 3 partitions, 3 replicas\n")
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

	got := workshop(t, c.Kafka(), "topics", "alter", "meu-topico", "--partitions", "4", "--config", "retention.ms=").ok(t)
	contains(t, got.stdout, "meu-topico: 4 partitions, before 3\nmeu-topico: retention.ms=\n")
	contains(t, got.stderr, "keys go to other partitions")
	workshop(t, c.Kafka(), "topics", "alter", "meu-topico", "--partitions", "4").prints(t, "meu-topico: has 4 partitions already\n")
	if d := describeJSON(t, c)[0]; len(d.Partitions) != 4 || fmt.Sprint(d.Config) != "map[min.insync.replicas:2]" {
		t.Errorf("described as %+v", d)
	}
	workshop(t, c.Kafka(), "topics", "delete", "meu-topico").prints(t, "meu-topico deleted\n")
	workshop(t, c.Kafka(), "topics", "list", "-o", "json").prints(t, "[]\n")
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
	if err := o.Print(nil, func(w io.Writer) { d.table(w, 0) }); err != nil {
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
		got.fails(t, r.want)
		if isUsage(got.err) != r.usage {
			t.Errorf("%s: wrong use %t, want %t", r.args, isUsage(got.err), r.usage)
		}
	}
	if n := len(c.PartitionInfos("transactions")); n != 3 {
		t.Errorf("transactions has %d partitions after nothing but refusals", n)
	}
}

func TestNoCluster(t *testing.T) {
	nobody := kafka.Cluster{Brokers: []string{fmt.Sprint("127.0.0.1:", kafkatest.FreePort(t))}}
	for _, args := range []string{"topics list", "topics describe", "topics create x", "topics delete x", "groups list", "groups delete g"} {
		began := time.Now()
		workshop(t, nobody, strings.Fields(args)...).fails(t, nobody.Brokers[0]+": connection refused; start the cluster")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", args, took)
		}
	}
}

// A broker that accepts and says nothing must not hold the command for longer than it may take.
func TestASilentCluster(t *testing.T) {
	silent := kafka.Cluster{Brokers: []string{kafkatest.Silent(t)}}
	began := time.Now()
	workshop(t, silent, "topics", "list", "--timeout", "300ms").fails(t, "no answer within 300ms; allow more with --timeout")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

// With one broker down the others answer for it.
func TestOneBrokerIsDown(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	commit(t, c, "g", "t", 0, 0)
	cluster := c.Kafka()
	cluster.Brokers = append([]string{fmt.Sprint("127.0.0.1:", kafkatest.FreePort(t))}, cluster.Brokers...)
	for _, args := range []string{"topics list", "topics describe t", "groups describe g"} {
		contains(t, workshop(t, cluster, strings.Fields(args)...).ok(t).stdout, "t")
	}
}

// Tables and drawings fit the terminal, and what has no room is told.
func TestTablesFit(t *testing.T) {
	d := describedTopic{Topic: "lab-order-1a2b3c-transactions", ReplicationFactor: 3, Brokers: []int32{1, 2, 3},
		Config: map[string]string{"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}}
	for i := range int32(40) {
		d.Partitions = append(d.Partitions, describedPartition{Partition: i, Replicas: []int32{1, 2, 3}, InSync: []int32{2}})
	}
	unread := int64(7)
	member := "consumer-2f8f9a52-7a0e-4a40-a5ab-7c34e1a6a111"
	group := describedGroup{Group: "cg-group-id", Members: []coordinator.Member{{MemberID: member, Host: "/172.18.0.12", ClientID: "consumer"}},
		Partitions: []groupPartition{{Topic: "transactions", Unread: &unread, MemberID: &member}}}
	for _, width := range []int{60, 80, 120} {
		stdout, stderr := &kafkatest.Output{}, &kafkatest.Output{}
		o := &session.Options{Tool: &session.Tool{Stdout: stdout, Stderr: stderr, Columns: func() int { return width }}}
		for _, table := range []func(io.Writer){
			func(w io.Writer) { d.table(w, width) },
			func(w io.Writer) { groupTable(w, []describedGroup{group}) },
		} {
			if err := o.Print(nil, table); err != nil {
				t.Fatal(err)
			}
		}
		for line := range strings.Lines(stdout.String() + stderr.String()) {
			if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns: a line of %d: %s", width, n, line)
			}
		}
		for _, want := range []string{"P39", "cg-group-id  transactions"} {
			contains(t, stdout.String(), want)
		}
		if width == 80 {
			contains(t, stderr.String(), "the terminal is too narrow for CLIENT-ID, HOST")
		}
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
	workshop(t, c.Kafka(), "topics", "create", "new", "--partitions", "2").prints(t, "new created: 2 partitions, 3 replicas\n")
	slow(kmsg.DeleteTopics, func(resp kmsg.Response) {
		topic := kmsg.NewDeleteTopicsResponseTopic()
		topic.Topic, topic.ErrorCode = kmsg.StringPtr("old"), kerr.RequestTimedOut.Code
		resp.(*kmsg.DeleteTopicsResponse).Topics = append(resp.(*kmsg.DeleteTopicsResponse).Topics, topic)
	})
	workshop(t, c.Kafka(), "topics", "delete", "old", "--timeout", "500ms").
		fails(t, "no answer within 500ms (what was asked for may be done all the same)")
}

// A broker may not have heard yet of the topic that the controller has just created.
func TestATopicThatIsNewToABroker(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	var refused atomic.Int32
	c.ControlKey(int16(kmsg.Metadata), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := kreq.(*kmsg.MetadataRequest)
		if len(req.Topics) == 0 || refused.Add(1) > 5 { // of all topics the controller is asked
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		for i, addr := range c.ListenAddrs() {
			broker := kmsg.NewMetadataResponseBroker()
			_, port, _ := net.SplitHostPort(addr)
			n, _ := strconv.Atoi(port)
			broker.NodeID, broker.Host, broker.Port = int32(i), "127.0.0.1", int32(n)
			resp.Brokers = append(resp.Brokers, broker)
		}
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = req.Topics[0].Topic, kerr.UnknownTopicOrPartition.Code
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	contains(t, produceLines(t, c.Kafka(), "x\n", "t").ok(t).stderr, "1 message acknowledged")
	if refused.Load() < 5 {
		t.Errorf("only %d questions were refused: the test does not test", refused.Load())
	}
	refused.Store(0)
	workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--to-end").prints(t, "x\n")
}
