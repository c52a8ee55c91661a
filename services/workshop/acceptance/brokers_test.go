//go:build brokers

package acceptance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

var stack = kafka.Cluster{Brokers: strings.Split(kafka.DefaultBrokers, ",")}

// native calls scripts/native-kafka.
func native(t testing.TB, args ...string) {
	t.Helper()
	if err := tryNative(t, args...); err != nil {
		t.Fatal(err)
	}
}

func tryNative(t testing.TB, args ...string) error {
	out, err := exec.Command(filepath.Join(root(t), "scripts", "native-kafka"), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("native-kafka %v: %w\n%s", args, err, out)
	}
	return nil
}

// awaitThreeBrokers waits until all brokers are registered: on fewer, topics get fewer replicas. A test that failed may have left
// some of them dead, which is no reason for the next to fail.
func awaitThreeBrokers(t testing.TB) {
	t.Helper()
	if tryNative(t, "status") != nil {
		native(t, "up")
	}
	kafkatest.Eventually(t, "three brokers are registered", func() bool {
		admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
		if err != nil {
			return false
		}
		defer admin.Close()
		brokers, _, err := admin.DescribeCluster()
		return err == nil && len(brokers) == 3
	})
}

// topic creates a topic of three replicas for one test, and its dead letters.
func topic(t testing.TB, prefix string, partitions int32) string {
	t.Helper()
	awaitThreeBrokers(t)
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("%s-%d", prefix, time.Now().UnixNano())
	ctx, cancel := context.WithTimeout(context.Background(), kafkatest.Deadline)
	defer cancel()
	var applied []kafka.Applied
	kafkatest.Eventually(t, name+" is created", func() bool {
		applied, err = kafka.ApplyTopics(ctx, admin, kafka.Topic{Name: name, Partitions: partitions, Replicas: 3}.WithDeadLetters(), nil)
		if err != nil && !errors.Is(err, sarama.ErrInvalidReplicationFactor) { // a broker has lost its session, on a busy machine
			t.Fatal(err)
		}
		return err == nil
	})
	if applied[0].Replicas != 3 {
		t.Fatalf("%s has %d replicas: three brokers have to run", name, applied[0].Replicas)
	}
	return name
}

// leader is the broker that leads a partition, once one does.
func leader(t testing.TB, topic string, partition int32) int32 {
	t.Helper()
	client, err := sarama.NewClient(stack.Brokers, stack.Config("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var id int32
	kafkatest.Eventually(t, topic+" has a leader", func() bool {
		broker, err := client.Leader(topic, partition)
		if err == nil {
			id = broker.ID()
		}
		return err == nil
	})
	return id
}

// killLeader kills -9 the partition's leader, and returns when another leads. The test's end starts
// the broker again and waits until it is back in sync.
func killLeader(t testing.TB, topic string, partition int32) {
	t.Helper()
	dead := leader(t, topic, partition)
	native(t, "kill", strconv.Itoa(int(dead)))
	t.Cleanup(func() {
		native(t, "start", strconv.Itoa(int(dead)))
		awaitInSync(t, topic)
	})
	now := dead // who asks a broker that has not heard of it is told of the dead one once more
	kafkatest.Eventually(t, "another broker leads", func() bool { now = leader(t, topic, partition); return now != dead })
	t.Logf("broker %d was killed; broker %d leads %s/%d", dead, now, topic, partition)
}

func awaitInSync(t testing.TB, topic string) {
	t.Helper()
	kafkatest.Eventually(t, "all replicas are in sync", func() bool {
		admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
		if err != nil {
			return false
		}
		defer admin.Close()
		described, err := admin.DescribeTopics([]string{topic, "__consumer_offsets", "__transaction_state"})
		if err != nil {
			return false
		}
		for _, topic := range described {
			for _, p := range topic.Partitions {
				if len(p.Isr) != 3 {
					return false
				}
			}
		}
		return true
	})
}

var sentLine = regexp.MustCompile(`^mensagem enviada para o kafka com id de sequência (\d+) \(partição (\d+), offset (\d+)\)$`)

// acknowledged is what the producer said: where each message went, by its sequence id.
func acknowledged(p *program) map[int64]string {
	at := map[int64]string{}
	for _, line := range p.Lines() {
		if m := sentLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.ParseInt(m[1], 10, 64)
			at[n] = m[2] + "/" + m[3]
		}
	}
	return at
}

// consumed counts the transactions that a consumer printed, by their sequence ids.
func consumed(programs ...*program) map[int64]int {
	seen := map[int64]int{}
	for _, p := range programs {
		for _, line := range p.Lines() {
			var tx event.Transaction
			if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &tx) == nil {
				seen[tx.IDSequencia]++
			}
		}
	}
	return seen
}

// checkLog holds the log against the producer's account: every acknowledged message is there, where
// it was said to be, none twice, and each key's messages in the order in which they were sent. It returns how
// well that was kept.
func checkLog(t testing.TB, topic string, acked map[int64]string) reliability.Measurement {
	t.Helper()
	msgs, err := kafkatest.ReadAll(stack, topic)
	if err != nil {
		t.Fatal(err)
	}
	m := reliability.Measurement{Guarantee: "an acknowledged transaction is in the log once, in its key's order", Events: len(acked)}
	times, last := map[int64]int{}, map[string]int64{}
	for _, msg := range msgs {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		times[tx.IDSequencia]++
		if at := fmt.Sprintf("%d/%d", msg.Partition, msg.Offset); acked[tx.IDSequencia] != "" && acked[tx.IDSequencia] != at {
			t.Errorf("message %d is at %s, and was acknowledged at %s", tx.IDSequencia, at, acked[tx.IDSequencia])
		}
		if tx.IDSequencia <= last[string(msg.Key)] {
			m.OutOfOrder++
			t.Errorf("key %s: message %d comes after %d", msg.Key, tx.IDSequencia, last[string(msg.Key)])
		}
		last[string(msg.Key)] = tx.IDSequencia
	}
	for n := range acked {
		if times[n] == 0 {
			m.Lost++
		}
	}
	for _, n := range times {
		if n > 1 {
			m.Duplicated++
		}
	}
	t.Logf("%s: %d acknowledged, %d in the log, %d lost, %d twice", topic, len(acked), len(msgs), m.Lost, m.Duplicated)
	if m.Lost > 0 || m.Duplicated > 0 {
		t.Errorf("%d acknowledged messages are lost, %d are in the log twice", m.Lost, m.Duplicated)
	}
	return m
}

func awaitConsumed(t testing.TB, acked map[int64]string, programs ...*program) {
	t.Helper()
	kafkatest.Eventually(t, "every acknowledged message is consumed", func() bool {
		seen := consumed(programs...)
		for n := range acked {
			if seen[n] == 0 {
				return false
			}
		}
		return true
	})
}

func TestTransactionsSurviveALeadersDeath(t *testing.T) {
	began := time.Now()
	name := topic(t, "transactions", 3)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	producer := service(t, "producer", "TOPIC="+name, "PACE=500us", "COUNT=20000", "SEED=1")
	kafkatest.Eventually(t, "5,000 messages are consumed", func() bool { return consumer.count() > 5000 })
	killLeader(t, name, 0)
	if code := producer.exit(90 * time.Second); code != 0 {
		t.Errorf("producer: exit code %d", code)
	}
	acked := acknowledged(producer)
	if len(acked) != 20000 {
		t.Errorf("%d messages acknowledged, want 20000", len(acked))
	}
	awaitConsumed(t, acked, consumer)
	consumer.terminate()
	m := checkLog(t, name, acked)
	m.Seed, m.Faults = 1, map[string]int{killedBroker: 1}
	recordOnBrokers(t, began, m)
}

func TestMatchSurvivesALeadersDeath(t *testing.T) {
	began := time.Now()
	name := topic(t, "scoreGame", 1)
	vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + name, "DELIVERY=at-least-once", "PACE=200ms", "SEED=2"}
	board := service(t, "scoreboard", vars...)
	simulator := service(t, "score-simulator", vars...)
	kafkatest.Eventually(t, "ten goals are shown", func() bool { return board.count() > 12 })
	killLeader(t, name, 0)
	if code := simulator.exit(90 * time.Second); code != 0 {
		t.Errorf("simulator: exit code %d", code)
	}
	if code := board.exit(60 * time.Second); code != 0 {
		t.Errorf("scoreboard: exit code %d", code)
	}
	msgs, err := kafkatest.ReadAll(stack, name)
	if err != nil {
		t.Fatal(err)
	}
	for i, msg := range msgs {
		e, err := event.DecodeScoreEvent(msg.Value)
		if err != nil {
			t.Fatal(err)
		}
		if e.ID != i+1 {
			t.Fatalf("event %d of the log has id %d: lost, repeated or out of order", i+1, e.ID)
		}
		if last := i == len(msgs)-1; last != (e.Event == event.Finished) {
			t.Fatalf("event %d of %d is %s", e.ID, len(msgs), e.Event)
		}
	}
	for _, line := range []string{"Partida finalizada!", "igual ao placar anunciado", "ids perdidos: nenhum"} {
		if !contains(board.Lines(), line) {
			t.Errorf("the board does not say %q", line)
		}
	}
	if !t.Failed() {
		recordOnBrokers(t, began, reliability.Measurement{
			Guarantee: "a match goes on when its leader dies: every event once, in order", Seed: 2, Events: len(msgs),
			Faults: map[string]int{killedBroker: 1},
		})
	}
}
