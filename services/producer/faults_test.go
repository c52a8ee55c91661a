package producer

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
)

const noneTwice = "an idempotent producer loses nothing, sends nothing twice, and keeps the order of each key"

func record(t *testing.T, m reliability.Measurement) {
	t.Helper()
	if err := reliability.Record(m); err != nil {
		t.Error(err)
	}
}

// Answers get lost and leaders move while messages are under way: every message is in the log once.
func TestFaultsDuplicateNothing(t *testing.T) {
	t.Parallel()
	for _, publisher := range []string{"batch", "sarama"} {
		t.Run(publisher, func(t *testing.T) { testFaults(t, publisher) })
	}
}

func testFaults(t *testing.T, publisher string) {
	t.Parallel()
	const count = 10_000
	began := time.Now()
	c := kafkatest.Start(t, "transactions:3")
	lost := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "transactions", Err: kerr.NotEnoughReplicasAfterAppend, Count: 8})
	r := kafkatest.StartRun(t, env(c, "COUNT", fmt.Sprint(count), "PUBLISHER", publisher), configure, run)
	r.WaitFor("id de sequência 2000 ")
	c.ShufflePartitionLeaders()
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if lost.Hits() != 8 {
		t.Errorf("%d answers were lost, want 8: the test did not test", lost.Hits())
	}
	m := published(t, c, r, count)
	m.Seconds, m.Faults = time.Since(began).Seconds(), map[string]int{"answer of a broker lost": lost.Hits(), "all leaders shuffled": 1}
	record(t, m)
}

// The control of the test above: without idempotence the same faults do duplicate.
func TestFaultsDuplicateWithoutIdempotence(t *testing.T) {
	t.Parallel()
	const count = 5000
	c := kafkatest.Start(t, "transactions:3")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "transactions", Err: kerr.NotEnoughReplicasAfterAppend, Count: 8})
	r := kafkatest.StartRun(t, env(c, "COUNT", fmt.Sprint(count), "IDEMPOTENT", "false"), configure, run)
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	control := reliability.Measurement{Guarantee: noneTwice, Ground: reliability.Embedded, Test: t.Name(), Controls: 1}
	if got := len(c.ReadAll("transactions")); got > count {
		control.Caught = 1
	} else {
		t.Errorf("%d messages in the log: the faults have lost their teeth", got)
	}
	record(t, control)
}
