package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// The third of five messages fails, which wait together: the two before it are passed, it and those behind it come again.
func TestFailureWithinABatch(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	broken := make(chan struct{})
	p := &probe{batches: true, handle: func(_ context.Context, r stream.Received) error {
		if text, _ := r.Text(); text == "3" {
			select {
			case <-broken:
			default:
				return errors.New("not now")
			}
		}
		return nil
	}}
	send(s, "1", "2", "3", "4", "5")
	r := kafkatest.StartRun(t, s.Env(), p.configure, p.run)
	partition := s.ReadAll(event.SendEmailTopic)[0].Partition
	r.WaitFor(fmt.Sprintf("parado em ECOMMERCE_SEND_EMAIL, partição %d, offset 2: not now", partition))
	kafkatest.Eventually(t, "the first two are committed", func() bool { return s.Committed(group, event.SendEmailTopic, partition) == 2 })
	kafkatest.Eventually(t, "it was tried again", func() bool { return strings.Count(r.Out.String(), "offset 2: not now") >= 3 })
	if got := s.Committed(group, event.SendEmailTopic, partition); got != 2 {
		t.Errorf("committed offset %d, want 2", got)
	}
	close(broken)
	s.AwaitHandled(group, event.SendEmailTopic)
	if got, want := p.texts(), []string{"1", "2", "3", "4", "5"}; !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
}

// Negative control: a handler that counts all of a batch as done, although one has failed, loses it, and the same measures see that.
func TestPassingAFailureWithinABatchIsSeen(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	p := &probe{batches: true, handle: func(_ context.Context, r stream.Received) error {
		if text, _ := r.Text(); text == "3" {
			return errors.New("never")
		}
		return nil
	}}
	send(s, "1", "2", "3", "4", "5")
	r := kafkatest.StartRun(t, s.Env(), p.configure, func(ctx context.Context, settings stream.Settings, process *service.Process) error {
		return settings.ConsumeBatches(ctx, process, event.SendEmailTopic, func(ctx context.Context, batch []stream.Received) (int, error) {
			for _, one := range batch {
				p.take(ctx, one) // its error is dropped
			}
			return len(batch), nil
		})
	})
	s.AwaitHandled(group, event.SendEmailTopic)
	if slices.Contains(p.texts(), "3") || strings.Contains(r.Out.String(), "parado em") {
		t.Error("the measures cannot tell a service that loses a message of a batch")
	}
}

// What waits is handed over together, and no more than 500 at once.
func TestBatchesHaveABound(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	const messages = 1200
	for n := range messages {
		send(s, fmt.Sprint(n))
	}
	largest, total := 0, 0
	none := &probe{}
	r := kafkatest.StartRun(t, s.Env(), none.configure, func(ctx context.Context, settings stream.Settings, process *service.Process) error {
		return settings.ConsumeBatches(ctx, process, event.SendEmailTopic, func(_ context.Context, batch []stream.Received) (int, error) {
			largest, total = max(largest, len(batch)), total+len(batch)
			return len(batch), nil
		})
	})
	s.AwaitHandled(group, event.SendEmailTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if largest < 2 || largest > 500 || total != messages {
		t.Errorf("%d messages, %d at once; want %d, and 2 to 500 at once", total, largest, messages)
	}
}
