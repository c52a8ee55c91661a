package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
)

// Received is a message that was taken in.
type Received struct {
	event.Envelope
	Record *sarama.ConsumerMessage
	Worker int         // which of the process's members has it, from 1
	Span   *trace.Span // of the work on it; nil where nothing is traced
}

// Handle works on one message. nil passes its offset. A *event.Malformed (the decoders give one, and
// Rejected) makes a dead letter of it. With any other error nothing has happened: the message is handed
// over again after a pause that grows to five seconds, and those behind it wait.
type Handle func(ctx context.Context, r Received) error

// Consume runs the members of the group until ctx ends, each with a client of its own: a consumer may
// not be shared between threads. Delivery is at least once.
func (s Settings) Consume(ctx context.Context, p *service.Process, topic string, handle Handle) error {
	return s.consume(ctx, p, topic, 1, func(ctx context.Context, batch []Received) (done int, err error) {
		if err := handle(batch[0].Span.In(ctx), batch[0]); err != nil {
			return 0, err
		}
		return 1, nil
	})
}

// HandleBatch works on messages of one partition, in their order, and returns how many of the first it has
// done, and the error of the one behind them. What the error means is that of Handle. Those behind that message
// come again, whether something was done about them or not.
type HandleBatch func(ctx context.Context, batch []Received) (done int, err error)

// ConsumeBatches is Consume for who does more at once with less: a message sent alone, or stored alone, costs
// as much as a hundred that go together. A batch is what is waiting, up to 500 messages: one that comes alone
// is not kept waiting for others.
func (s Settings) ConsumeBatches(ctx context.Context, p *service.Process, topic string, handle HandleBatch) error {
	return s.consume(ctx, p, topic, 500, handle)
}

func (s Settings) consume(ctx context.Context, p *service.Process, topic string, most int, handle HandleBatch) error {
	letters, err := s.NewLetters(ctx, p)
	if err != nil {
		return err
	}
	defer letters.Close()
	c := &consumer{letters: letters, handle: handle, trace: s.Trace, total: metric.Counter(p.Ops.Registry,
		"workshop_messages_handled_total", "Messages processed, without dead letters.")}
	err = s.Members(ctx, p, topic, func(worker int) func(context.Context, *group.Claim) error {
		return func(ctx context.Context, claim *group.Claim) error {
			return batches(ctx, p, claim, most, func(ctx context.Context, msgs []*sarama.ConsumerMessage) (int, error) {
				return c.take(ctx, worker, msgs)
			})
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
	handle  HandleBatch
	trace   *trace.Tracer
	done    atomic.Uint64
	total   prometheus.Counter
}

// take has messages handled, and returns how many of the first may be passed. A dead letter is written before
// anything behind its message is touched.
func (c *consumer) take(ctx context.Context, worker int, msgs []*sarama.ConsumerMessage) (passed int, err error) {
	for passed < len(msgs) {
		batch, err := c.open(worker, msgs[passed:])
		if len(batch) > 0 {
			done, failed := c.handle(ctx, batch)
			end(batch, done, failed)
			passed += done
			c.done.Add(uint64(done))
			c.total.Add(float64(done))
			if failed != nil {
				err = failed
			}
		}
		if bad, ok := errors.AsType[*event.Malformed](err); ok {
			if err = c.letters.Skip(ctx, msgs[passed], bad); err == nil {
				passed++
			}
		}
		if err != nil {
			return passed, err
		}
	}
	return passed, nil
}

// end ends the spans of the messages that are done, and of the one behind them that has failed. Those behind that come again.
func end(batch []Received, done int, failed error) {
	for i, r := range batch {
		switch {
		case i < done:
			r.Span.End(nil)
		case i == done && failed != nil:
			r.Span.End(failed)
		}
	}
}

// open takes messages out of their envelopes, up to the first that has none.
func (c *consumer) open(worker int, msgs []*sarama.ConsumerMessage) (batch []Received, err error) {
	for _, msg := range msgs {
		envelope, err := event.DecodeEnvelope(msg.Value)
		if err != nil {
			return batch, err
		}
		batch = append(batch, Received{Envelope: envelope, Record: msg, Worker: worker, Span: c.trace.Consuming(msg)})
	}
	return batch, nil
}
