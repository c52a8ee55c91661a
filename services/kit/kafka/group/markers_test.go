package group_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
)

func wantCommitted(t *testing.T, c *kafkatest.Cluster, want int64) {
	t.Helper()
	kafkatest.Eventually(t, "the group commits behind what nobody reads", func() bool { return c.Committed("g", "t", 0) == want })
}

// committing handles a message, and commits it.
func committing(m *member) func(context.Context, *group.Claim) error {
	return func(_ context.Context, claim *group.Claim) error {
		for msg := range claim.Messages() {
			m.add(string(msg.Value))
			claim.Mark(msg)
			if err := claim.Commit(); err != nil {
				return err
			}
		}
		return nil
	}
}

// readCommitted joins with what Membership has by default.
func readCommitted(g *group.Consumer) { g.Member.Isolation = sarama.ReadCommitted }

// The group's offset passes markers and aborted messages, so that its LAG is 0. It stops before an open
// transaction, whatever has ended behind that, and no message is left out.
func TestCommitPassesMarkers(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.Begin("t", "a", "1")(true)        // 0, its marker 1
	c.Begin("t", "b", "aborted")(false) // 2, its marker 3
	end := c.Begin("t", "c", "2")       // 4
	c.Begin("t", "d", "3")(true)        // 5, its marker 6
	c.Begin("t", "e", "aborted")(false) // 7, its marker 8
	looks := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Count: -1, Observe: true, When: func(req kmsg.Request) bool {
		fetch := req.(*kmsg.FetchRequest)
		return fetch.SessionEpoch == -1 && len(fetch.Topics) == 1 && fetch.Topics[0].Partitions[0].FetchOffset == 4 && fetch.MaxWaitMillis == 50
	}})
	m := joinWith(t, c, committing, readCommitted)
	wantHandled(t, m, numbers(1, 1))
	wantCommitted(t, c, 4)
	kafkatest.Eventually(t, "it has looked behind", func() bool { return looks.Hits() > 1 })
	if got := c.Committed("g", "t", 0); got != 4 {
		t.Fatalf("committed %d before the open transaction's end, want 4", got)
	}
	end(true) // 9
	wantHandled(t, m, numbers(1, 3))
	wantCommitted(t, c, 10)
}

// A member that ends with a message leaves no LAG either, and one that was stopped inside the next one leaves
// that one to the group.
func TestEndPassesMarkers(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.Begin("t", "a", "1")(true)
	done := func(m *member) func(context.Context, *group.Claim) error {
		return func(_ context.Context, claim *group.Claim) error {
			for msg := range claim.Messages() {
				m.add(string(msg.Value))
				claim.Mark(msg)
				return group.ErrDone
			}
			return nil
		}
	}
	if err := joinWith(t, c, done, readCommitted).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed("g", "t", 0); got != 2 {
		t.Errorf("committed %d, want 2", got)
	}
	c.Begin("t", "b", "2")(true)
	c.Begin("t", "c", "3")(true)
	if err := joinWith(t, c, done, readCommitted).Wait(); err != nil {
		t.Fatal(err)
	}
	if got := c.Committed("g", "t", 0); got != 4 {
		t.Errorf("committed %d, want 4: behind the marker, and before the next message", got)
	}
	m := joinWith(t, c, done, readCommitted)
	if err := m.Wait(); err != nil || strings.Join(m.values(), " ") != "3" {
		t.Errorf("then handled %v, %v", m.values(), err)
	}
}

// A commit behind a marker whose answer is lost ends the session before the next message: no commit of this
// session may come after it, and a message that is handled without one would be handled again.
func TestMarkersWithoutAnswer(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.Begin("t", "a", "1")(true) // 0, its marker 1
	c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if req.(*kmsg.OffsetCommitRequest).Topics[0].Partitions[0].Offset != 2 {
			c.KeepControl()
			return nil, nil, false
		}
		c.SleepControl(func() { time.Sleep(group.MarkersTimeout + time.Second/2) })
		return nil, nil, false
	})
	m := joinWith(t, c, committing, func(g *group.Consumer) {
		readCommitted(g)
		g.Client.Config().Consumer.Group.Session.Timeout = time.Minute // heartbeats wait behind the commit
	})
	wantHandled(t, m, numbers(1, 1))
	wantCommitted(t, c, 2)
	c.ProduceValues("t", "2")
	wantHandled(t, m, numbers(1, 2))
	wantCommitted(t, c, 3)
	wantHandled(t, m, numbers(1, 2))
}
