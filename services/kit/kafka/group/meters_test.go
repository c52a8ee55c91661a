package group

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"workshop.example/kit/kafka"
)

// claimOf is a claim of a partition that has nothing but these messages.
func claimOf(ctx context.Context, reg prometheus.Registerer, messages chan *sarama.ConsumerMessage) *Claim {
	g := &Consumer{Topic: "t", Hooks: kafka.Hooks{}.Complete(), meters: newMeters(reg)}
	return newClaim(ctx, g, fakeSession{ctx: ctx}, &fakeClaim{messages: messages, initial: sarama.OffsetOldest})
}

type fakeSession struct {
	sarama.ConsumerGroupSession
	ctx context.Context
}

func (s fakeSession) Context() context.Context { return s.ctx }

type fakeClaim struct {
	messages     chan *sarama.ConsumerMessage
	initial, end int64
}

func (c *fakeClaim) Topic() string                            { return "t" }
func (c *fakeClaim) Partition() int32                         { return 0 }
func (c *fakeClaim) InitialOffset() int64                     { return c.initial }
func (c *fakeClaim) HighWaterMarkOffset() int64               { return c.end }
func (c *fakeClaim) Messages() <-chan *sarama.ConsumerMessage { return c.messages }

func histogram(t *testing.T, h prometheus.Histogram) *dto.Histogram {
	t.Helper()
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram()
}

// The time at work is that of the handler, to the last microsecond, and not the time that it waits.
func TestHandlingIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const together, alone = 2500, 3
		messages := make(chan *sarama.ConsumerMessage, together)
		for offset := range int64(together) {
			messages <- &sarama.ConsumerMessage{Offset: offset}
		}
		go func() {
			defer close(messages)
			for offset := range int64(alone) {
				time.Sleep(time.Hour)
				messages <- &sarama.ConsumerMessage{Offset: together + offset}
			}
		}()
		c := claimOf(t.Context(), prometheus.NewRegistry(), messages)
		for range c.Messages() {
			time.Sleep(10 * time.Millisecond)
		}
		h := histogram(t, c.group.meters.handling)
		if got, want := h.GetSampleSum(), (together+alone)*0.01; got < want-1e-6 || got > want+1e-6 {
			t.Errorf("%g s at work, want %g", got, want)
		}
		if got, want := h.GetSampleCount(), uint64((together+stretch-1)/stretch+alone); got != want {
			t.Errorf("%d observations, want %d", got, want)
		}
	})
}

func TestLag(t *testing.T) {
	for _, c := range []struct {
		name         string
		initial, end int64
		read, inHand int64 // offsets; -1: none
		marked       int64
		want         int64
		unknown      bool
	}{
		{name: "nothing read, an offset is committed", initial: 5, end: 12, read: -1, inHand: -1, marked: -1, want: 7},
		{name: "nothing read, from the oldest", initial: sarama.OffsetOldest, end: 12, read: -1, inHand: -1, marked: -1, unknown: true},
		{name: "an empty topic", initial: sarama.OffsetOldest, end: 0, read: -1, inHand: -1, marked: -1, want: 0},
		{name: "from the newest", initial: sarama.OffsetNewest, end: 12, read: -1, inHand: -1, marked: -1, want: 0},
		{name: "the first in hand", initial: sarama.OffsetOldest, end: 12, read: -1, inHand: 0, marked: -1, want: 12},
		{name: "one in hand", initial: 5, end: 12, read: 8, inHand: 9, marked: 9, want: 3},
		{name: "all read", initial: 5, end: 12, read: 11, inHand: -1, marked: -1, want: 0},
		{name: "a marker behind the last", initial: 5, end: 13, read: 11, inHand: -1, marked: -1, want: 1},
		{name: "a marker that was passed", initial: 5, end: 13, read: 11, inHand: -1, marked: 13, want: 0},
		{name: "read further than the last fetch told", initial: 5, end: 8, read: 11, inHand: -1, marked: -1, want: 0},
	} {
		claim := newClaim(t.Context(), &Consumer{}, fakeSession{}, &fakeClaim{initial: c.initial, end: c.end})
		claim.marked.Store(c.marked)
		if c.read >= 0 {
			claim.at.Store(2 * (c.read + 1))
		}
		if c.inHand >= 0 {
			claim.at.Store(2*c.inHand + 1)
		}
		if got, known := claim.behind(); known == c.unknown || known && got != c.want {
			t.Errorf("%s: %d (known: %t), want %d", c.name, got, known, c.want)
		}
	}
}

// A claim that ends late, after its client was given up, leaves the partition's next claim on the page.
func TestLagIsThatOfTheLatestClaim(t *testing.T) {
	reg := prometheus.NewRegistry()
	earlier, now := claimOf(t.Context(), reg, nil), claimOf(t.Context(), reg, nil)
	l := now.group.meters.lag
	l.add(earlier)
	l.add(now)
	l.remove(earlier)
	if families, err := reg.Gather(); err != nil || l.claims[place{"t", 0}] != now {
		t.Errorf("claims %v, want the latest; %d metrics, error %v", l.claims, len(families), err)
	}
	l.remove(now)
	if len(l.claims) != 0 {
		t.Errorf("claims %v are left", l.claims)
	}
}

// A message costs no memory, whether it has to be waited for or not.
func TestMessagesAllocateNothing(t *testing.T) {
	const together = 1000
	messages := make(chan *sarama.ConsumerMessage, together)
	msg := &sarama.ConsumerMessage{}
	c := claimOf(t.Context(), prometheus.NewRegistry(), messages)
	handled := make(chan struct{})
	go func() {
		defer close(handled)
		n := 0
		for range c.Messages() {
			if n++; n%together == 0 {
				handled <- struct{}{}
			}
		}
	}()
	got := testing.AllocsPerRun(50, func() {
		for range together {
			messages <- msg
		}
		<-handled
	})
	if got > 1 {
		t.Errorf("%.0f allocations for %d messages, want none", got, together)
	}
	close(messages)
	<-handled
}

// Nanoseconds for a message, from sarama's channel to the handler: of a flood, and of messages that the handler has to wait for.
func BenchmarkMessages(b *testing.B) {
	for name, buffer := range map[string]int{"flood": 1024, "alone": 0} {
		b.Run(name, func(b *testing.B) {
			messages := make(chan *sarama.ConsumerMessage, buffer)
			go func() {
				defer close(messages)
				msg := &sarama.ConsumerMessage{}
				for range b.N {
					messages <- msg
				}
			}()
			b.ReportAllocs()
			b.ResetTimer()
			for range claimOf(b.Context(), prometheus.NewRegistry(), messages).Messages() {
			}
		})
	}
}
