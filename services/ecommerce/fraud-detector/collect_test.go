package frauddetector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"
)

// decisionsOf are the batches that a collector has decided about, each as its records.
type decisionsOf struct {
	batches []string
	fail    string // the record with which a batch fails
}

func (d *decisionsOf) decide(_ context.Context, batch []handed) error {
	var names []string
	for _, h := range batch {
		names = append(names, string(h.record.Value))
	}
	if slices.Contains(names, d.fail) {
		return errors.New("refused")
	}
	d.batches = append(d.batches, strings.Join(names, " "))
	return nil
}

// collected runs a collector in a bubble of its own time, and returns what it has decided in the end.
func collected(t *testing.T, fail string, hand func(*collector)) (got []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &decisionsOf{fail: fail}
		c := newCollector(d.decide)
		over := make(chan struct{})
		go c.run(t.Context(), over)
		hand(c)
		time.Sleep(time.Second) // of the bubble
		close(over)
		synctest.Wait()
		got = d.batches
	})
	return got
}

func newPart(session context.Context) *part {
	return &part{session: session, failed: make(chan struct{})}
}

func handAll(c *collector, p *part, names ...string) {
	for _, name := range names {
		c.hand(p, &sarama.ConsumerMessage{Value: []byte(name)})
	}
}

// A record that comes alone does not wait for the pace; those that come meanwhile share a transaction, whatever their partition.
func TestRecordsShareATransaction(t *testing.T) {
	t.Parallel()
	var first time.Duration
	got := collected(t, "", func(c *collector) {
		a, b := newPart(t.Context()), newPart(t.Context())
		began, decide := time.Now(), c.decide
		c.decide = func(ctx context.Context, batch []handed) error {
			if first == 0 {
				first = time.Since(began)
			}
			return decide(ctx, batch)
		}
		handAll(c, a, "a1")
		time.Sleep(2 * linger)
		handAll(c, a, "a2", "a3")
		handAll(c, b, "b1")
		time.Sleep(pace / 2)
		handAll(c, b, "b2")
	})
	if want := []string{"a1", "a2 a3 b1 b2"}; !slices.Equal(got, want) || first != linger {
		t.Errorf("transactions %q, want %q; the first after %s, want %s", got, want, first, linger)
	}
}

// As many as fit are decided without a wait.
func TestFullBatchDoesNotWait(t *testing.T) {
	t.Parallel()
	got := collected(t, "", func(c *collector) {
		p, began := newPart(t.Context()), time.Now()
		for n := range 3 * most {
			handAll(c, p, fmt.Sprint(n))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("full batches waited for %s", took)
		}
	})
	if len(got) != 3 {
		t.Errorf("%d transactions for %d records, want 3", len(got), 3*most)
	}
}

// Behind a record that has failed nothing of its partition is decided in that session: its offset would pass the record.
func TestNothingIsDecidedBehindAFailure(t *testing.T) {
	t.Parallel()
	got := collected(t, "a2", func(c *collector) {
		a, b := newPart(t.Context()), newPart(t.Context())
		handAll(c, a, "a1")
		time.Sleep(pace)
		handAll(c, a, "a2", "a3")
		time.Sleep(pace)
		handAll(c, a, "a4")
		handAll(c, b, "b1")
		time.Sleep(pace)
		if a.err == nil || string(a.first.Value) != "a2" || b.err != nil {
			t.Errorf("failed %v at %v, and %v; want the first partition at a2", a.err, a.first, b.err)
		}
		c.leave(a)
		again := newPart(t.Context())
		handAll(c, again, "a2 once more", "a3")
	})
	if want := []string{"a1", "b1", "a2 once more a3"}; !slices.Equal(got, want) {
		t.Errorf("transactions %q, want %q", got, want)
	}
}

// Two sessions may have the same record: in one transaction it would be decided twice.
func TestSessionsShareNoTransaction(t *testing.T) {
	t.Parallel()
	older, end := context.WithCancel(t.Context())
	defer end()
	got := collected(t, "", func(c *collector) {
		handAll(c, newPart(older), "a1")
		handAll(c, newPart(t.Context()), "a1", "b1")
	})
	if want := []string{"a1", "a1 b1"}; !slices.Equal(got, want) {
		t.Errorf("transactions %q, want %q", got, want)
	}
}

// Who leaves takes back what has not been decided: the next owner of the partition reads it.
func TestLeavingTakesRecordsBack(t *testing.T) {
	t.Parallel()
	got := collected(t, "", func(c *collector) {
		a, b := newPart(t.Context()), newPart(t.Context())
		handAll(c, a, "a1")
		handAll(c, b, "b1")
		handAll(c, a, "a2")
		c.leave(a)
	})
	if want := []string{"b1"}; !slices.Equal(got, want) {
		t.Errorf("transactions %q, want %q", got, want)
	}
}
