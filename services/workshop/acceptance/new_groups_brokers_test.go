//go:build brokers

package acceptance

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
)

// Groups of the protocol of KIP-848, of Kafka's own consumer: on 3.9, where brokers have to be told, and on 4.
func TestGroupsOfTheConsumerProtocol(t *testing.T) {
	t.Parallel()
	for _, version := range []struct{ name, home, setting, flag string }{
		{"3.9", os.Getenv("KAFKA_HOME"), "group.coordinator.rebalance.protocols=classic,consumer", "--consumer-property"},
		{"4", kafka4(t), "", "--command-property"},
	} {
		t.Run(version.name, func(t *testing.T) {
			b := startNative(t, version.home, version.setting)
			b.tool("", "topics", "create", "t", "--partitions", "2")
			b.tool("1\n2\n3\n4\n5\n6\n", "produce", "t")
			read := func(more ...string) *program {
				return b.start("kafka-console-consumer.sh", append([]string{"--topic", "t", "--group", "new", version.flag, "group.protocol=consumer",
					version.flag, "auto.commit.interval.ms=100", "--from-beginning"}, more...)...)
			}
			consumer := read()
			kafkatest.Eventually(t, "all is committed", func() bool {
				if list, _, _ := b.tryTool("", "groups", "list"); !strings.Contains(list, "new ") {
					return false // also while the coordinator loads its offsets
				}
				g := b.group("new")
				return len(g.Members) == 1 && len(g.Partitions) == 2 && offsetText(g.Partitions[0].Lag) == "0" && offsetText(g.Partitions[1].Lag) == "0"
			})
			compare := func(what string) groupJSON {
				g := b.group("new")
				sameLines(t, what, kafkasLines(b.theirs("kafka-consumer-groups.sh", "--describe", "--group", "new"), "new"), g.lines())
				return g
			}
			if g := compare("a group with a member"); g.Type != "consumer" || g.State != "Stable" || len(g.Members[0].Partitions["t"]) != 2 {
				t.Errorf("described as %+v", g)
			}
			b.refuses("it has 1 active member (console-consumer@127.0.0.1)", "groups reset new --topic t --to earliest --execute")
			b.refuses("it has 1 active member (console-consumer@127.0.0.1)", "groups delete new")
			b.stop(consumer)

			b.tool("", "groups", "reset", "new", "--topic", "t", "--to", "1", "--execute")
			if g := compare("after the reset"); g.State != "Empty" {
				t.Errorf("described as %+v", g)
			}
			again := read("--max-messages", "4")
			if code := again.exit(kafkatest.Deadline); code != 0 || len(again.Lines()) != 4 {
				t.Errorf("after the reset to 1 the group reads %q, exit code %d; want four messages", again.Lines(), code)
			}
			b.tool("", "groups", "delete", "new")
			if list := b.theirs("kafka-consumer-groups.sh", "--list"); strings.Contains(list, "new") {
				t.Errorf("the group is still there: %s", list)
			}
		})
	}
}

// Groups of Kafka's own share consumer.
func TestShareGroupsAsKafkaDescribesThem(t *testing.T) {
	t.Parallel()
	b := startNative(t, kafka4(t), "share.coordinator.state.topic.replication.factor=1", "share.coordinator.state.topic.min.isr=1",
		"share.coordinator.state.topic.num.partitions=1")
	b.tool("", "topics", "create", "t", "--partitions", "2")
	read := func(more ...string) *program {
		return b.start("kafka-console-share-consumer.sh", append([]string{"--topic", "t", "--group", "shares"}, more...)...)
	}
	// By default a new group begins with what comes when it has looked at its partitions, some time after its first member has joined.
	b.theirs("kafka-configs.sh", "--alter", "--entity-type", "groups", "--entity-name", "shares",
		"--add-config", "share.auto.offset.reset=earliest")
	b.tool("1\n2\n3\n4\n5\n6\n", "produce", "t")
	consumer := read()
	kafkatest.Eventually(t, "all is read", func() bool { return consumer.count() == 6 })
	compare := func(what string, lag int64) (g groupJSON) {
		var kafka, we []string
		kafkatest.Eventually(t, fmt.Sprintf("%s: a lag of %d, and Kafka's own tool says the same", what, lag), func() bool {
			kafka, we = nil, nil
			for line := range strings.Lines(b.theirs("kafka-share-groups.sh", "--describe", "--group", "shares")) {
				if f := strings.Fields(line); len(f) == 5 && f[0] == "shares" {
					kafka = append(kafka, strings.Join(f[1:], " "))
				}
			}
			left := int64(0)
			for _, p := range b.group("shares").Partitions {
				we = append(we, fmt.Sprint(p.Topic, " ", p.Partition, " ", offsetText(p.CurrentOffset), " ", offsetText(p.Lag)))
				if p.Lag != nil {
					left += *p.Lag
				}
			}
			slices.Sort(kafka)
			return left == lag && slices.Equal(kafka, we)
		})
		sameLines(t, what, kafka, we)
		return b.group("shares")
	}
	g := compare("a group with a member", 0)
	if g.Type != "share" || g.State != "Stable" || len(g.Members) != 1 || len(g.Members[0].Partitions["t"]) != 2 {
		t.Fatalf("described as %+v", g)
	}
	members := b.theirs("kafka-share-groups.sh", "--describe", "--group", "shares", "--members")
	for _, word := range []string{g.Members[0].MemberID, "/" + g.Members[0].Host, g.Members[0].ClientID} {
		if !strings.Contains(members, word) {
			t.Errorf("Kafka's own tool does not know of %s:\n%s", word, members)
		}
	}
	b.refuses("it has 1 active member (console-share-consumer@127.0.0.1)", "groups reset shares --topic t --to earliest --execute")
	b.refuses("it has 1 active member (console-share-consumer@127.0.0.1)", "groups delete shares")
	b.stop(consumer)

	b.tool("", "groups", "reset", "shares", "--topic", "t", "--to", "earliest", "--execute")
	compare("after the reset", 6)
	again := read("--max-messages", "6")
	if code := again.exit(kafkatest.Deadline); code != 0 || len(again.Lines()) != 6 {
		t.Errorf("after the reset the group reads %q, exit code %d; want all six messages", again.Lines(), code)
	}
	b.tool("", "groups", "delete", "shares")
	if list := b.theirs("kafka-share-groups.sh", "--list"); strings.Contains(list, "shares") {
		t.Errorf("the group is still there: %s", list)
	}
	b.namesStreamsGroups()
}

// namesStreamsGroups asserts that a streams group (KIP-1071) is listed, and otherwise left to Kafka's own tool.
func (b *nativeBroker) namesStreamsGroups() {
	b.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.addr))
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	part := kmsg.NewStreamsGroupHeartbeatRequestTopologySubtopology()
	part.SubtopologyID, part.SourceTopics = "0", []string{"t"}
	beat := kmsg.NewPtrStreamsGroupHeartbeatRequest()
	beat.Group, beat.MemberID, beat.RebalanceTimeoutMillis = "streams", "AAAAAAAAAAAAAAAAAAAAAA", 10_000
	process := "process"
	beat.ProcessID = &process
	none := []kmsg.TaskIDs{} // which a member has that joins
	beat.ActiveTasks, beat.StandbyTasks, beat.WarmupTasks = none, none, none
	beat.Topology = &kmsg.StreamsGroupHeartbeatRequestTopology{Subtopologies: []kmsg.StreamsGroupHeartbeatRequestTopologySubtopology{part}}
	resp, err := beat.RequestWith(b.t.Context(), client.Broker(1)) // the only one
	if err != nil || resp.ErrorCode != 0 {
		b.t.Fatalf("join: %v, %+v", err, resp)
	}
	if list := b.tool("", "groups", "list"); !strings.Contains(list, " streams ") {
		b.t.Errorf("the streams group is not listed:\n%s", list)
	}
	for _, command := range []string{"describe streams", "reset streams --topic t --to latest", "delete streams"} {
		b.refuses("group streams is of the type streams: use Kafka's own tool for those (kafka-streams-groups.sh)", "groups "+command)
	}
	if _, errs, code := b.tryTool("", "groups", "describe", "--all-groups"); code != 0 || !strings.Contains(errs, "left out") {
		b.t.Errorf("describe --all-groups: exit code %d\n%s", code, errs)
	}
}
