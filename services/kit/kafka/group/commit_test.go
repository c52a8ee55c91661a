package group_test

import (
	"context"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
)

// The coordinator refuses a commit for reasons that pass: Commit tries again until it is confirmed.
// (sarama's session.Commit would return as if nothing had happened: see the control below.)
func TestCommitIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, refusal := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable} {
		t.Run(refusal.Message, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			c.ProduceValues("t", numbers(1, 3)...)
			fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: refusal, Count: 4})
			m := join(t, c, nil)
			wantHandled(t, m, numbers(1, 3))
			kafkatest.Eventually(t, "all committed", func() bool { return c.Committed("g", "t", 0) == 3 })
			if fault.Hits() != 4 {
				t.Errorf("%d commits were refused, want 4: the test did not test", fault.Hits())
			}
			if got := c.GroupInfo("g").Commits["t"][0].LeaderEpoch; got != -1 {
				t.Errorf("committed leader epoch %d, want -1: a Java client would rewind", got)
			}
		})
	}
}

// The control: what Commit exists for. Sarama's own commit swallows the refusal.
func TestSaramasCommitIsNotConfirmed(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: 1})
	group, err := sarama.NewConsumerGroup(c.ListenAddrs(), "g", c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer group.Close()
	ctx, cancel := context.WithTimeout(context.Background(), kafkatest.Deadline)
	defer cancel()
	if err := group.Consume(ctx, []string{"t"}, onceAndCommit{}); err != nil {
		t.Fatal(err)
	}
	if fault.Hits() != 1 {
		t.Fatalf("%d commits were refused, want 1", fault.Hits())
	}
	if got := c.Committed("g", "t", 0); got != -1 {
		t.Errorf("committed %d: sarama has learnt to retry, and Claim.Commit could become simpler", got)
	}
}

type onceAndCommit struct{}

func (onceAndCommit) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (onceAndCommit) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (onceAndCommit) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	s.MarkMessage(<-c.Messages(), "")
	s.Commit()
	return nil
}

// What was handled but could not be committed at the stop is said: it will be handled again.
func TestStopWithoutCommitIsReported(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: -1})
	m := join(t, c, nil)
	wantHandled(t, m, numbers(1, 1))
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("error %v, want one that says what was not committed", err)
	}
}

// A commit that was given up is not forgotten: unless a later one makes up for it, the stop says so.
func TestGivenUpCommitIsRemembered(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.GroupAuthorizationFailed, Count: -1})
	m := join(t, c, nil)
	kafkatest.Eventually(t, "the commit was refused twice", func() bool { return fault.Hits() >= 2 })
	if err := m.Stop(); err == nil || !strings.Contains(err.Error(), "not committed") {
		t.Errorf("error %v, want one that says what was not committed", err)
	}
}
