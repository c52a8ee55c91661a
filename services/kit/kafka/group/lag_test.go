package group_test

import (
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// While a handler is held up the lag grows with what comes in; it ends at nothing. A commit of each message is measured.
func TestLagOfAMember(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "0", "1")
	goOn := make(chan struct{})
	m := join(t, c, func(msg *sarama.ConsumerMessage) error {
		if msg.Offset == 1 {
			<-goOn
		}
		return nil
	})
	metric := func(name string) func() float64 {
		return func() float64 { return kafkatest.Metrics(t, m.Ops.Registry)[name] }
	}
	lag := metric("workshop_partition_lag 0 t")
	c.ProduceValues("t", "2", "3", "4")
	kafkatest.Eventually(t, "the message in hand and three behind it are unread", func() bool { return lag() == 4 })
	close(goOn)
	kafkatest.Eventually(t, "all are read", func() bool { return len(m.values()) == 5 && lag() == 0 })
	kafkatest.Eventually(t, "five commits", func() bool { return metric("workshop_commit_seconds")() == 5 })
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	got := kafkatest.Metrics(t, m.Ops.Registry)
	if _, shown := got["workshop_partition_lag 0 t"]; shown {
		t.Error("a partition that is held no more has a lag")
	}
	if got["workshop_rebalances_total"] != 1 {
		t.Errorf("%g rebalances, want 1", got["workshop_rebalances_total"])
	}
}
