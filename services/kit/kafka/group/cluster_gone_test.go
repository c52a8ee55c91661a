package group_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
)

// The cluster is gone: the service says that it is not ready, and a stop is a good one, because
// nothing that it handled is uncommitted.
func TestClusterGone(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	m := joinWith(t, c, committing, (*group.Consumer).ShortenSilence)
	wantHandled(t, m, numbers(1, 1))
	kafkatest.Eventually(t, "committed", func() bool { return c.Committed("g", "t", 0) == 1 })
	if err := m.Ops.Ready(); err != nil {
		t.Errorf("not ready: %v", err)
	}
	c.Close()
	kafkatest.Eventually(t, "the service is not ready", func() bool { return m.Ops.Ready() != nil })
	if err := m.Stop(); err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// The control: the cluster is gone before the commit. A stop while the member looks for it is not a good one.
func TestClusterGoneBeforeTheCommit(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	refused := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: -1})
	m := joinWith(t, c, committing, (*group.Consumer).ShortenSilence)
	kafkatest.Eventually(t, "a commit was refused", func() bool { return refused.Hits() > 0 })
	c.Close()
	kafkatest.Eventually(t, "the member connects anew", func() bool { return strings.Contains(m.Logs.String(), "connecting anew") })
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") || errors.Is(err, context.Canceled) {
		t.Errorf("stopped with %v, want an error that says what was not committed", err)
	}
}

// The coordinator is gone in the middle of a commit: Commit keeps to its bounds, sarama's minute of
// looking for another notwithstanding.
func TestCommitGivesUpInTime(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	committing := make(chan struct{})
	m := joinWith(t, c, func(*member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
			for msg := range claim.Messages() {
				claim.Mark(msg)
				c.Close()
				close(committing)
				return claim.Commit()
			}
			return nil
		}
	}, nil)
	<-committing
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("error %v, want one that says what was not committed", err)
	}
}

// While the cluster is away the screen says so, and not that another member died.
func TestWaitForTheClusterIsExplained(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	m := joinWith(t, c, committing, (*group.Consumer).ShortenSilence)
	m.WaitFor("held [0]")
	c.Close()
	m.WaitFor("brokers ainda não disponíveis: ")
	if _, since, _ := strings.Cut(m.Out.String(), "held [0]"); strings.Contains(since, "esperando a vez no grupo") {
		t.Errorf("the wait is put down to a dead member:\n%s", m.Out)
	}
}
