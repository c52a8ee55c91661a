package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/service"
)

// Received is a message that was taken in.
type Received struct {
	event.Envelope
	Record *sarama.ConsumerMessage
	Worker int // which of the process's members has it, from 1
}

// Handle works on one message. nil passes its offset. A *event.Malformed (the decoders give one, and
// Rejected) makes a dead letter of it. With any other error nothing has happened: the message is handed
// over again after a pause that grows to five seconds, and those behind it wait.
type Handle func(ctx context.Context, r Received) error

// Consume runs the members of the group until ctx ends, each with a client of its own: a consumer may
// not be shared between threads. Delivery is at least once.
func (s Settings) Consume(ctx context.Context, p *service.Process, topic string, handle Handle) error {
	letters, err := s.NewLetters(ctx, p)
	if err != nil {
		return err
	}
	defer letters.Close()
	c := &consumer{letters: letters, handle: handle, total: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "workshop_messages_handled_total", Help: "Messages processed; those that became dead letters are not.",
	})}
	p.Ops.Registry.MustRegister(c.total)
	err = s.Members(ctx, p, topic, func(worker int) func(context.Context, *group.Claim) error {
		return func(ctx context.Context, claim *group.Claim) error {
			return Each(ctx, p, claim, func(ctx context.Context, msg *sarama.ConsumerMessage) error { return c.take(ctx, worker, msg) })
		}
	})
	p.Out.Print(fmt.Sprintf(service.Pick(p.Lang, "fim: %d mensagens processadas, %d mensagens mortas",
		"end: %d messages processed, %d dead letters"),
		c.done.Load(), letters.Skipped()))
	return err
}

// consumer hands messages to the handler, whichever member got them.
type consumer struct {
	letters *kafka.DeadLetters
	handle  Handle
	done    atomic.Uint64
	total   prometheus.Counter
}

func (c *consumer) take(ctx context.Context, worker int, msg *sarama.ConsumerMessage) error {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err == nil {
		err = c.handle(ctx, Received{Envelope: envelope, Record: msg, Worker: worker})
	}
	if bad, ok := errors.AsType[*event.Malformed](err); ok {
		return c.letters.Skip(ctx, msg, bad)
	}
	if err == nil {
		c.done.Add(1)
		c.total.Inc()
	}
	return err
}
