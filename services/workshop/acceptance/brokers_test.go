//go:build brokers

package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

var stack = kafka.Cluster{Brokers: strings.Split(kafka.DefaultBrokers, ",")}

// native calls scripts/native-kafka.
func native(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(root(t), "scripts", "native-kafka"), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("native-kafka %v: %v\n%s", args, err, out)
	}
}

// topic creates a topic of three replicas for one test, and its dead letters.
func topic(t testing.TB, prefix string, partitions int32) string {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("%s-%d", prefix, time.Now().UnixNano())
	kafkatest.Eventually(t, "three brokers are registered", func() bool {
		brokers, _, err := admin.DescribeCluster()
		return err == nil && len(brokers) == 3
	})
	ctx, cancel := context.WithTimeout(context.Background(), kafkatest.Deadline)
	defer cancel()
	applied, err := kafka.ApplyTopics(ctx, admin, kafka.Topic{Name: name, Partitions: partitions, Replicas: 3}.WithDeadLetters(), nil)
	if err != nil {
		t.Fatal(err)
	}
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
	kafkatest.Eventually(t, "another broker leads", func() bool { return leader(t, topic, partition) != dead })
	t.Logf("broker %d was killed; broker %d leads %s/%d", dead, leader(t, topic, partition), topic, partition)
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
// it was said to be, none twice, and each key's messages in the order in which they were sent.
func checkLog(t testing.TB, topic string, acked map[int64]string) {
	t.Helper()
	msgs, err := kafkatest.ReadAll(stack, topic)
	if err != nil {
		t.Fatal(err)
	}
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
			t.Errorf("key %s: message %d comes after %d", msg.Key, tx.IDSequencia, last[string(msg.Key)])
		}
		last[string(msg.Key)] = tx.IDSequencia
	}
	var lost, twice int
	for n := range acked {
		if times[n] == 0 {
			lost++
		}
	}
	for _, n := range times {
		if n > 1 {
			twice++
		}
	}
	t.Logf("%s: %d acknowledged, %d in the log, %d lost, %d twice", topic, len(acked), len(msgs), lost, twice)
	if lost > 0 || twice > 0 {
		t.Errorf("%d acknowledged messages are lost, %d are in the log twice", lost, twice)
	}
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
	checkLog(t, name, acked)
}

func TestMatchSurvivesALeadersDeath(t *testing.T) {
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
}

// A broker is stopped in good order and started again under the services: nobody notices.
func TestBrokerStopsAndStarts(t *testing.T) {
	name := topic(t, "transactions", 3)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	producer := service(t, "producer", "TOPIC="+name, "PACE=1ms", "SEED=3")
	consumer.waitFor(`"id_sequencia":1000,`)
	stopped := leader(t, name, 1)
	n := brokerPID(t, stopped)
	syscall.Kill(n, syscall.SIGTERM)
	kafkatest.Eventually(t, "the broker has ended", func() bool { return syscall.Kill(n, 0) != nil })
	before := consumer.count()
	kafkatest.Eventually(t, "messages flow without it", func() bool { return consumer.count() > before+1000 })
	native(t, "start", strconv.Itoa(int(stopped)))
	awaitInSync(t, name)
	before = consumer.count()
	kafkatest.Eventually(t, "messages flow with it", func() bool { return consumer.count() > before+1000 })
	producer.terminate()
	acked := acknowledged(producer)
	awaitConsumed(t, acked, consumer)
	consumer.terminate()
	checkLog(t, name, acked)
}

// A paused broker accepts connections and answers nothing. Here it is the coordinator of the group
// and leads a partition, and stays paused until another has taken over both: neither the pause nor
// the return of the zombie costs a message, or its order.
func TestCoordinatorIsPaused(t *testing.T) {
	name := topic(t, "transactions", 3)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	producer := service(t, "producer", "TOPIC="+name, "PACE=1ms", "SEED=7")
	consumer.waitFor(`"id_sequencia":1000,`)
	paused := coordinator(t, name, stack.Brokers)
	pid := brokerPID(t, paused)
	syscall.Kill(pid, syscall.SIGSTOP)
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGCONT); awaitInSync(t, name) })
	began := time.Now()
	// Only the others are asked: the paused one would take 15 s for no answer.
	others := slices.DeleteFunc(slices.Clone(stack.Brokers), func(addr string) bool { return addr == fmt.Sprintf("localhost:909%d", paused) })
	kafkatest.Eventually(t, "the group has another coordinator", func() bool {
		now := coordinator(t, name, others)
		return now >= 0 && now != paused
	})
	t.Logf("broker %d was paused; broker %d coordinates the group %s later", paused, coordinator(t, name, others), time.Since(began).Round(100*time.Millisecond))
	syscall.Kill(pid, syscall.SIGCONT)
	awaitInSync(t, name)
	// What was under way flows on for a moment: only a message that was sent from now on counts.
	after := int64(len(acknowledged(producer)) + 3000)
	kafkatest.Eventually(t, "messages flow", func() bool { return consumed(consumer)[after] > 0 })
	producer.terminate()
	acked := acknowledged(producer)
	awaitConsumed(t, acked, consumer)
	consumer.terminate()
	checkLog(t, name, acked)
}

// coordinator is the broker that coordinates a group, as one of addrs says; -1 where none does now.
func coordinator(t testing.TB, group string, addrs []string) int32 {
	t.Helper()
	conf := stack.AdminConfig("acceptance")
	conf.Net.ReadTimeout = 2 * time.Second // until the cluster has noticed, its metadata lists a paused broker too
	client, err := sarama.NewClient(addrs, conf)
	if err != nil {
		return -1
	}
	defer client.Close()
	broker, err := client.Coordinator(group)
	if err != nil {
		return -1
	}
	return broker.ID()
}

func brokerPID(t testing.TB, id int32) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("KAFKA_DATA"), fmt.Sprintf("broker-%d.pid", id)))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// With one broker dead all four services start, whichever address they ask first.
func TestServicesStartWithABrokerDown(t *testing.T) {
	transactions, scores := topic(t, "transactions", 3), topic(t, "scoreGame", 1)
	killLeader(t, transactions, 0)
	for range 3 {
		group := fmt.Sprintf("CONSUMER_GROUP=%s-%d", transactions, time.Now().UnixNano())
		programs := []*program{
			service(t, "producer", "TOPIC="+transactions, "COUNT=10", "PACE=0"),
			service(t, "score-simulator", "TOPIC="+scores, "PACE=0"),
			service(t, "scoreboard", "TOPIC="+scores, group),
		}
		for _, p := range programs {
			if code := p.exit(time.Minute); code != 0 {
				t.Errorf("%s: exit code %d", p.name, code)
			}
		}
		consumer := service(t, "consumer", "TOPIC="+transactions, group)
		consumer.waitFor(`{"id_sequencia":10,`)
		consumer.terminate()
	}
}

// kill -9 of both services, and their restart: nothing acknowledged is left out. What was printed
// and not yet committed is printed again, which is what at-least-once means.
func TestServicesAreKilledAndStartAgain(t *testing.T) {
	name := topic(t, "transactions", 3)
	vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + name, "GROUP_INSTANCE_ID=one"}
	first := service(t, "consumer", vars...)
	producer := service(t, "producer", "TOPIC="+name, "PACE=1ms", "SEED=4")
	first.waitFor(`"id_sequencia":500,`)
	first.crash()
	began := time.Now()
	second := service(t, "consumer", vars...)
	second.waitFor("partições recebidas: 0, 1, 2")
	t.Logf("a static member had its partitions back %s after kill -9", time.Since(began).Round(time.Millisecond))
	kafkatest.Eventually(t, "the second consumer reads on", func() bool { return second.count() > 500 })
	producer.crash()
	acked := acknowledged(producer)
	awaitConsumed(t, acked, first, second)
	second.terminate()
	checkLog(t, name, acked)

	again := service(t, "producer", "TOPIC="+name, "PACE=0", "COUNT=100", "SEED=5")
	if code := again.exit(30 * time.Second); code != 0 {
		t.Errorf("the producer after its own kill -9: exit code %d", code)
	}
}

// Without a fixed identity the group waits for the dead member's session, and says so.
func TestDynamicMemberWaitsAndSaysSo(t *testing.T) {
	name := topic(t, "transactions", 3)
	vars := []string{"TOPIC=" + name, "CONSUMER_GROUP=" + name}
	first := service(t, "consumer", vars...)
	first.waitFor("partições recebidas: 0, 1, 2")
	first.crash()
	second := service(t, "consumer", vars...)
	second.waitFor("esperando a vez no grupo")
	second.waitFor("partições recebidas: 0, 1, 2")
	second.terminate()
}
