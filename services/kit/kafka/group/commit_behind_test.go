package group_test

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
)

// joinBehind starts a member that commits in the background.
func joinBehind(t testing.TB, c *kafkatest.Cluster) *member {
	t.Helper()
	return joinWith(t, c, func(m *member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
			for msg := range claim.Messages() {
				m.add(string(msg.Value))
				claim.Mark(msg)
				if err := claim.CommitBehind(); err != nil {
					return err
				}
			}
			return nil
		}
	}, nil)
}

// Reading does not wait for a commit, and what was read meanwhile is committed by the next. Far fewer are needed than there
// are messages.
func TestReadingGoesOnDuringACommit(t *testing.T) {
	t.Parallel()
	const messages = 3000
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, messages)...)
	refuse := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: -1})
	m := joinBehind(t, c)
	wantHandled(t, m, numbers(1, messages))
	kafkatest.Eventually(t, "a commit is refused", func() bool { return refuse.Hits() > 0 })
	if got := c.Committed("g", "t", 0); got != -1 {
		t.Errorf("committed %d, though every commit was refused", got)
	}
	refuse.Remove()
	commits := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Count: -1, Observe: true})
	kafkatest.Eventually(t, "all committed", func() bool { return c.Committed("g", "t", 0) == messages })
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := commits.Hits(); n > messages/10 {
		t.Errorf("%d commits for %d messages", n, messages)
	}
}

// A member that is told that the group has given it up reads no further, also where no message comes to tell its handler so: it
// joins again, and handles again what was not committed.
func TestRefusedCommitInTheBackgroundEndsTheSession(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.IllegalGeneration, Count: 1})
	c.ProduceValues("t", "1")
	m := joinBehind(t, c)
	kafkatest.Eventually(t, "the message is handled again", func() bool { return slices.Equal(m.values(), []string{"1", "1"}) })
	kafkatest.Eventually(t, "it is committed", func() bool { return c.Committed("g", "t", 0) == 1 })
	c.ProduceValues("t", "2")
	wantHandled(t, m, []string{"1", "1", "2"})
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed("g", "t", 0); got != 2 {
		t.Errorf("committed %d after the stop, want 2", got)
	}
}

// No offset is sent to the coordinator before what is behind it was flushed, however fast messages come.
func TestNothingIsCommittedBeforeItIsFlushed(t *testing.T) {
	t.Parallel()
	const messages = 20_000
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", numbers(1, messages)...)
	var flushed, early atomic.Int64
	commits := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Count: -1, Observe: true, When: func(req kmsg.Request) bool {
		if req.(*kmsg.OffsetCommitRequest).Topics[0].Partitions[0].Offset > flushed.Load() {
			early.Add(1)
		}
		return true
	}})
	var handled atomic.Int64
	m := joinWith(t, c, func(*member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
			for msg := range claim.Messages() {
				handled.Add(1)
				claim.Mark(msg)
				if err := claim.CommitBehind(); err != nil {
					return err
				}
			}
			return nil
		}
	}, func(g *group.Consumer) {
		g.Hooks.BeforeCommit = func() error {
			at := handled.Load()
			flushed.Store(at)
			for handled.Load() == at && at < messages { // what comes now is not flushed
				runtime.Gosched()
			}
			return nil
		}
	})
	kafkatest.Eventually(t, "all committed", func() bool { return c.Committed("g", "t", 0) == messages })
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if early.Load() > 0 || commits.Hits() == 0 {
		t.Errorf("%d of %d commits came before the flush", early.Load(), commits.Hits())
	}
}

// The stop waits for the commit under way, and commits what came after it.
func TestStopCommitsWhatIsBehind(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	refuse := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 3})
	c.ProduceValues("t", numbers(1, 5)...)
	m := joinBehind(t, c)
	wantHandled(t, m, numbers(1, 5))
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed("g", "t", 0); got != 5 || refuse.Hits() != 3 {
		t.Errorf("committed %d after %d refusals, want 5 after 3", got, refuse.Hits())
	}
}
