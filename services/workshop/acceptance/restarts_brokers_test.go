//go:build brokers

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// A broker is stopped in good order and started again under the services: nobody notices.
func TestBrokerStopsAndStarts(t *testing.T) {
	began := time.Now()
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
	m := checkLog(t, name, acked)
	m.Seed, m.Faults = 3, map[string]int{endedBroker: 1}
	recordOnBrokers(t, began, m)
}

// A paused broker accepts connections and answers nothing. Here it is the coordinator of the group
// and leads a partition, and stays paused until another has taken over both: neither the pause nor
// the return of the zombie costs a message, or its order.
func TestCoordinatorIsPaused(t *testing.T) {
	began := time.Now()
	name := topic(t, "transactions", 3)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	producer := service(t, "producer", "TOPIC="+name, "PACE=1ms", "SEED=7")
	consumer.waitFor(`"id_sequencia":1000,`)
	paused := coordinator(t, name, stack.Brokers)
	pid := brokerPID(t, paused)
	syscall.Kill(pid, syscall.SIGSTOP)
	t.Cleanup(func() { syscall.Kill(pid, syscall.SIGCONT); awaitInSync(t, name) })
	struck := time.Now()
	// Only the others are asked: the paused one would take 15 s for no answer.
	others := slices.DeleteFunc(slices.Clone(stack.Brokers), func(addr string) bool { return addr == fmt.Sprintf("localhost:909%d", paused) })
	kafkatest.Eventually(t, "the group has another coordinator", func() bool {
		now := coordinator(t, name, others)
		return now >= 0 && now != paused
	})
	t.Logf("broker %d was paused; broker %d coordinates the group %s later", paused, coordinator(t, name, others),
		time.Since(struck).Round(100*time.Millisecond))
	syscall.Kill(pid, syscall.SIGCONT)
	awaitInSync(t, name)
	// What was under way flows on for a moment: only a message that was sent from now on counts.
	after := int64(len(acknowledged(producer)) + 3000)
	kafkatest.Eventually(t, "messages flow", func() bool { return consumed(consumer)[after] > 0 })
	producer.terminate()
	acked := acknowledged(producer)
	awaitConsumed(t, acked, consumer)
	consumer.terminate()
	m := checkLog(t, name, acked)
	m.Seed, m.Faults = 7, map[string]int{pausedBroker: 1}
	recordOnBrokers(t, began, m)
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
