//go:build brokers

package acceptance

import (
	"fmt"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// With one broker dead all four services start, whichever address they ask first.
func TestServicesStartWithABrokerDown(t *testing.T) {
	transactions, scores := topic(t, "transactions", 3), topic(t, "scoreGame", 1)
	// A cluster makes the topic of groups at the first question for a coordinator, and only while all three brokers run.
	kafkatest.Eventually(t, "groups have a coordinator", func() bool { return coordinator(t, transactions, stack.Brokers) >= 0 })
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
	t.Parallel()
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
	if code := again.exit(kafkatest.Deadline); code != 0 {
		t.Errorf("the producer after its own kill -9: exit code %d", code)
	}
}

// Without a fixed identity the group waits for the dead member's session, and says so.
func TestDynamicMemberWaitsAndSaysSo(t *testing.T) {
	t.Parallel()
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
