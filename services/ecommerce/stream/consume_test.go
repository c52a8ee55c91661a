package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

const group = "TestService"

// probe is a service that notes the texts it was given.
type probe struct {
	mu      sync.Mutex
	handled []string
	handle  stream.Handle // nil: every text is fine
	batches bool          // what is waiting is handed over together
}

func (p *probe) texts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.handled)
}

func (p *probe) configure(env *service.Env) stream.Settings {
	return stream.SettingsFromEnv(env, group, 1)
}

func (p *probe) run(ctx context.Context, settings stream.Settings, process *service.Process) error {
	if p.batches {
		return settings.ConsumeBatches(ctx, process, event.SendEmailTopic, p.takeAll)
	}
	return settings.Consume(ctx, process, event.SendEmailTopic, p.take)
}

func (p *probe) take(ctx context.Context, r stream.Received) error {
	text, err := r.Text()
	if err != nil {
		return err
	}
	if p.handle != nil {
		if err := p.handle(ctx, r); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handled = append(p.handled, text)
	return nil
}

func (p *probe) takeAll(ctx context.Context, batch []stream.Received) (done int, err error) {
	for _, r := range batch {
		if err := p.take(ctx, r); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// send sends texts to one partition, in order.
func send(s *streamtest.System, texts ...string) {
	for _, text := range texts {
		s.Send(event.SendEmailTopic, "k", text)
	}
}

// The promise about poison: while no dead letter can be written, nothing passes it. It holds for every
// way in which the topic can be out of reach.
func TestNothingPassesPoisonWithoutADeadLetter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		batches bool
		fault   func(*streamtest.System) *kfake.FaultHandle
	}{
		{"refused", false, func(s *streamtest.System) *kfake.FaultHandle { return s.RefuseProduce(event.DeadLetterTopic) }},
		{"refused within a batch", true, func(s *streamtest.System) *kfake.FaultHandle {
			return s.RefuseProduce(event.DeadLetterTopic)
		}},
		{"too few replicas", false, func(s *streamtest.System) *kfake.FaultHandle {
			return s.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: event.DeadLetterTopic, Err: kerr.NotEnoughReplicas, Count: -1})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := streamtest.Start(t)
			fault := c.fault(s)
			send(s, "before")
			s.SendValue(event.SendEmailTopic, "k", "poison")
			send(s, "behind")
			p := &probe{batches: c.batches}
			r := kafkatest.StartRun(t, s.Env(), p.configure, p.run)
			r.WaitFor("parado em ECOMMERCE_SEND_EMAIL")
			place := s.ReadAll(event.SendEmailTopic)[0]
			for _, text := range []string{fmt.Sprintf("partição %d, offset 1: ", place.Partition), "nada foi perdido, tento de novo em instantes"} {
				if !strings.Contains(r.Out.String(), text) {
					t.Errorf("output has no %q", text)
				}
			}
			kafkatest.Eventually(t, "it was tried again", func() bool { return strings.Count(r.Out.String(), "parado em") >= 2 })
			if got := p.texts(); slices.Contains(got, "behind") {
				t.Errorf("handled %v: something behind the poison, of which there is no dead letter", got)
			}
			if got := s.Committed(group, event.SendEmailTopic, place.Partition); got != 1 {
				t.Errorf("committed offset %d, want 1", got)
			}
			fault.Remove()
			s.AwaitHandled(group, event.SendEmailTopic)
			if err := r.Stop(); err != nil {
				t.Error(err)
			}
			if got := p.texts(); !slices.Equal(got, []string{"before", "behind"}) {
				t.Errorf("handled %v, want before and behind, once each", got)
			}
			if letters := s.Letters(); len(letters) != 1 || letters[0].Offset != 1 {
				t.Errorf("dead letters %+v, want one, of offset 1", letters)
			}
		})
	}
}

// Negative control: a service that passes poison without waiting for its dead letter is seen to do so by
// the same measures.
func TestPassingPoisonIsSeen(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	s.RefuseProduce(event.DeadLetterTopic)
	p := &probe{}
	s.Send(event.SendEmailTopic, "k", event.User{UUID: "poison"})
	send(s, "behind")
	r := kafkatest.StartRun(t, s.Env(), p.configure, func(ctx context.Context, settings stream.Settings, process *service.Process) error {
		return settings.Consume(ctx, process, event.SendEmailTopic, func(ctx context.Context, r stream.Received) error {
			text, _ := r.Text() // its error, and with it the dead letter, is dropped
			p.mu.Lock()
			defer p.mu.Unlock()
			p.handled = append(p.handled, text)
			return nil
		})
	})
	s.AwaitHandled(group, event.SendEmailTopic)
	if !slices.Contains(p.texts(), "behind") || len(s.Letters()) > 0 || strings.Contains(r.Out.String(), "parado em") {
		t.Error("the measures cannot tell a service that loses poison")
	}
}

// An error of the moment: the message comes again, in its order, and is no dead letter.
func TestFailedMessageComesAgain(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	failures := 2
	p := &probe{}
	p.handle = func(_ context.Context, r stream.Received) error {
		if text, _ := r.Text(); text == "2" && failures > 0 {
			failures--
			return errors.New("not now")
		}
		return nil
	}
	send(s, "1", "2", "3")
	r := kafkatest.StartRun(t, s.Env(), p.configure, p.run)
	s.AwaitHandled(group, event.SendEmailTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if got, want := p.texts(), []string{"1", "2", "3"}; !slices.Equal(got, want) {
		t.Errorf("handled %v, want %v", got, want)
	}
	if letters := s.Letters(); len(letters) > 0 {
		t.Errorf("dead letters: %v", letters)
	}
	if want := "fim: 3 mensagens processadas, 0 mensagens mortas"; !strings.Contains(r.Out.String(), want) {
		t.Errorf("output has no %q", want)
	}
}

// A stop in the middle of a message: it is not committed, and nobody is told of an error.
func TestStopWithinAMessage(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	entered := make(chan struct{})
	p := &probe{handle: func(ctx context.Context, _ stream.Received) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}}
	send(s, "1")
	r := kafkatest.StartRun(t, s.Env(), p.configure, p.run)
	<-entered
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.Out.String(), "parado em") {
		t.Error("a stop was told as an error")
	}
	again := &probe{}
	kafkatest.StartRun(t, s.Env(), again.configure, again.run)
	kafkatest.Eventually(t, "the message came again", func() bool { return slices.Equal(again.texts(), []string{"1"}) })
}

// Whatever is in a message, its dead letter gives it back, and is one that the topic takes.
func TestLettersOfEverySize(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	long := strings.Repeat("x", 1<<20-1000)
	for key, value := range map[string]string{"text": "x", "long": long, "binary": strings.Repeat("\xff", 900<<10), "\xff": "x"} {
		s.SendValue(event.SendEmailTopic, key, value)
	}
	p := &probe{}
	r := kafkatest.StartRun(t, s.Env(), p.configure, p.run)
	s.AwaitHandled(group, event.SendEmailTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, msg := range s.ReadAll(event.SendEmailTopic) {
		sources[string(msg.Key)] = string(msg.Value)
	}
	for _, msg := range s.ReadAll(event.DeadLetterTopic) {
		original := msg.Value
		if envelope, err := event.DecodeEnvelope(msg.Value); err == nil {
			d, err := envelope.DeadLetter()
			if err != nil {
				t.Errorf("%q: %v", msg.Key, err)
			}
			if string(msg.Key) == "\xff" && d.Key != nil {
				t.Errorf("key %q of bytes that are no text", *d.Key)
			}
			if original, err = d.Original(); err != nil {
				t.Errorf("%q: %v", msg.Key, err)
			}
		}
		if string(original) != sources[string(msg.Key)] {
			t.Errorf("%q: the original does not come back, %d bytes", msg.Key, len(original))
		}
		delete(sources, string(msg.Key))
	}
	if len(sources) > 0 {
		t.Errorf("%d messages have no dead letter", len(sources))
	}
}
