//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// boards are the commands of the members of a mixed group, by the client id that each has unless told otherwise.
func boards(t *testing.T, delivery string) map[string][]string {
	t.Helper()
	solution := filepath.Join(root(t), "labs", "python", "solutions", strings.ReplaceAll(delivery, "-", "_")+".py")
	commands := map[string][]string{
		"scoreboard":   {filepath.Join(os.Getenv("WORKSHOP_BIN"), "scoreboard")},
		"kafka-python": {os.Getenv("WORKSHOP_PYTHON"), solution},
	}
	ids := map[string]string{"aiokafka": "aiokafka", "confluent-kafka": "rdkafka", "franz-go": "kgo", "kafka-clients": "consumer"}
	for _, c := range clients {
		if id, ok := ids[c.name]; ok {
			commands[id] = c.command(t, "scoreboard")
		}
	}
	return commands
}

// mixedGroup is a group whose members have nothing in common but the protocol.
type mixedGroup struct {
	t        *testing.T
	topic    string
	vars     []string
	commands map[string][]string
	members  map[string]*program // who runs now, by the client id
	all      []*program          // and who has run
	sent     int
}

// newMixedGroup starts six members on six partitions.
func newMixedGroup(t *testing.T, delivery string, vars ...string) *mixedGroup {
	t.Helper()
	coordinatorsTellTheLeader(t)
	g := &mixedGroup{t: t, topic: topic(t, "mixed", 6), commands: boards(t, delivery), members: map[string]*program{}}
	g.vars = append([]string{"TOPIC=" + g.topic, "CONSUMER_GROUP=" + g.topic, "MATCHES=0", "DELIVERY=" + delivery}, vars...)
	for id := range g.commands {
		g.start(id)
	}
	g.complete(len(g.commands), 0)
	return g
}

func (g *mixedGroup) start(id string) {
	p := launch(g.t, g.commands[id], g.vars...)
	g.members[id], g.all = p, append(g.all, p)
}

// complete waits until so many members have divided the partitions anew. Who was killed is a member up to the end of its session.
func (g *mixedGroup) complete(count, after int) (leader string, generation int) {
	g.t.Helper()
	kafkatest.EventuallyWithin(g.t, patience, fmt.Sprint(count, " members share six partitions"), func() bool {
		members, protocol := membersOf(g.t, g.topic)
		if members != count || protocol != "range" {
			return false
		}
		leader, generation = g.leader()
		return generation > after
	})
	return leader, generation
}

// play sends goals to all partitions. The score tells which goal it is.
func (g *mixedGroup) play(count int) {
	g.t.Helper()
	producer, err := sarama.NewSyncProducer(stack.Brokers, stack.Config("acceptance"))
	if err != nil {
		g.t.Fatal(err)
	}
	defer producer.Close()
	var goals []*sarama.ProducerMessage
	for range count {
		g.sent++
		goal := event.ScoreEvent{ID: g.sent, Event: event.Goal, Team: "TeamA", Score: event.Score{TeamA: g.sent}, Match: "mixed"}
		value, err := json.Marshal(goal)
		if err != nil {
			g.t.Fatal(err)
		}
		key := sarama.StringEncoder(fmt.Sprint(g.sent)) // not the match: its goals would be on one partition
		goals = append(goals, &sarama.ProducerMessage{Topic: g.topic, Key: key, Value: sarama.ByteEncoder(value)})
	}
	if err := producer.SendMessages(goals); err != nil {
		g.t.Fatal(err)
	}
}

// missing are the goals that no member has shown.
func (g *mixedGroup) missing() []int {
	shown := map[string]bool{}
	for _, p := range g.all {
		for _, line := range p.Lines() {
			shown[strings.TrimSpace(line)] = true
		}
	}
	return slices.DeleteFunc(numbers(g.sent), func(n int) bool { return shown[fmt.Sprintf("%d - 0", n)] })
}

func numbers(last int) (all []int) {
	for n := 1; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

var ledLine = regexp.MustCompile(`Assignment received from leader (\S+)-[0-9a-f-]{36} for group (\S+) for generation (\d+)`)

// leader is who has divided the partitions last, as the coordinator's log tells it, and how often the group was divided.
func (g *mixedGroup) leader() (id string, generation int) {
	g.t.Helper()
	logs, err := filepath.Glob(filepath.Join(os.Getenv("KAFKA_DATA"), "logs", "broker-*.log"))
	if err != nil || len(logs) == 0 {
		g.t.Fatalf("no logs of brokers: %v", err)
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, m := range ledLine.FindAllStringSubmatch(string(text), -1) {
			if n, _ := strconv.Atoi(m[3]); m[2] == g.topic && n > generation {
				id, generation = m[1], n
			}
		}
	}
	for known := range g.commands {
		if strings.HasPrefix(id, known) {
			return known, generation
		}
	}
	return id, generation
}

// coordinatorsTellTheLeader has the brokers log who leads a group.
func coordinatorsTellTheLeader(t *testing.T) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	info := "INFO"
	for _, broker := range []string{"1", "2", "3"} {
		err := admin.IncrementalAlterConfig(sarama.BrokerLoggerResource, broker, map[string]sarama.IncrementalAlterConfigsEntry{
			"kafka.coordinator.group.GroupCoordinator": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &info}}, false)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Six members, each with another client, four of them killed while they lead and goals are played: none is lost.
func TestMixedGroupLosesNothing(t *testing.T) {
	t.Parallel()
	g := newMixedGroup(t, "at-least-once")
	for range 4 {
		g.play(300)
		dead, generation := g.leader()
		if g.members[dead] == nil {
			t.Fatalf("the leader is %q, which is none of the members", dead)
		}
		g.members[dead].crash()
		g.play(60)
		next, later := g.complete(len(g.commands)-1, generation)
		t.Logf("%s led generation %d and was killed; %s leads generation %d", dead, generation, next, later)
		if next == dead {
			t.Errorf("%s is dead and leads", dead)
		}
		g.start(dead)
		g.complete(len(g.commands), later)
	}
	g.play(60)
	kafkatest.Eventually(t, "every goal is shown", func() bool { return len(g.missing()) == 0 })
}

// The control: in a group that commits first, whoever reads goal 100 dies before it is shown, and nobody else shows it.
func TestMixedGroupThatCommitsFirstLoses(t *testing.T) {
	t.Parallel()
	const lost = 100
	g := newMixedGroup(t, "at-most-once", fmt.Sprint("FAIL_AT_ID=", lost))
	g.play(200)
	kafkatest.Eventually(t, "one goal is missing", func() bool { return slices.Equal(g.missing(), []int{lost}) })
}
