package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// Received is a message that was taken in.
type Received struct {
	event.Envelope
	Record *sarama.ConsumerMessage
}

// Handle works on one message. nil passes its offset. A *event.Malformed (the decoders give one, and
// Rejected) makes a dead letter of it. With any other error nothing has happened: the message is handed
// over again after a pause that grows to five seconds, and those behind it wait.
type Handle func(ctx context.Context, r Received) error

// workAtRisk is how long messages are worked on before their offsets are committed: what a kill -9 may
// make happen again.
const workAtRisk = 100 * time.Millisecond

// Consume runs the members of the group until ctx ends, each with a client of its own: a consumer may
// not be shared between threads. Delivery is at least once.
func (s Settings) Consume(ctx context.Context, p *service.Process, topic string, handle Handle) error {
	letters, err := s.NewLetters(ctx, p)
	if err != nil {
		return err
	}
	defer letters.Close()
	c := &consumer{settings: s, process: p, letters: letters, handle: handle}
	err = s.Members(ctx, p, topic, func(int) func(context.Context, *kafka.Claim) error { return c.claim })
	p.Out.Print(fmt.Sprintf(service.Pick(p.Lang, "fim: %d mensagens processadas, %d mensagens mortas", "end: %d messages processed, %d dead letters"),
		c.done.Load(), letters.Skipped()))
	return err
}

// Members joins the group with every worker and works on claims with what claim makes for each of them,
// until ctx ends or one of them cannot go on. It dials first: every topic that the service needs has to
// be there.
func (s Settings) Members(ctx context.Context, p *service.Process, topic string, claim func(worker int) func(context.Context, *kafka.Claim) error) error {
	groups := make([]*kafka.Group, s.Workers)
	for i := range groups {
		member := s.Member
		if s.Workers > 1 && member.InstanceID != "" {
			member.InstanceID = fmt.Sprintf("%s-%d", member.InstanceID, i+1)
		}
		conf := s.Cluster.Config(p.Name)
		member.Apply(conf)
		connect := func(ctx context.Context) (sarama.Client, error) {
			return s.Dial(ctx, conf, p, topic, event.DeadLetterTopic)
		}
		client, err := connect(ctx)
		if err != nil {
			return err
		}
		defer service.CloseWithin(service.Farewell, client)
		groups[i] = &kafka.Group{
			Client: client, Redial: connect, Member: member, Topic: s.Topic(topic), Process: p, Handle: claim(i + 1),
			Assigned: func(given, lost, held []int32) {
				p.Log.Info("rebalance", "worker", i+1, "given", given, "lost", lost, "held", held)
			},
		}
	}
	p.Ops.ReadyWhen(func() error {
		for i, g := range groups {
			if err := g.Ready(); err != nil {
				return fmt.Errorf("worker %d: %w", i+1, err)
			}
		}
		return nil
	})
	running, ctx := errgroup.WithContext(ctx)
	for _, g := range groups {
		running.Go(func() error { return g.Run(ctx) })
	}
	return running.Wait()
}

// consumer hands messages to the handler, whichever member got them.
type consumer struct {
	settings Settings
	process  *service.Process
	letters  *kafka.DeadLetters
	handle   Handle
	done     atomic.Uint64
}

func (c *consumer) claim(ctx context.Context, claim *kafka.Claim) error {
	committed := time.Now()
	for msg := range claim.Messages() {
		if err := c.take(ctx, msg); err != nil {
			SayStopped(ctx, c.process, msg, err)
			return err
		}
		claim.Mark(msg)
		if claim.Idle() || time.Since(committed) > workAtRisk {
			if err := claim.Commit(); err != nil {
				return err
			}
			committed = time.Now()
		}
	}
	return nil
}

func (c *consumer) take(ctx context.Context, msg *sarama.ConsumerMessage) error {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err == nil {
		err = c.handle(ctx, Received{Envelope: envelope, Record: msg})
	}
	if bad, ok := errors.AsType[*event.Malformed](err); ok {
		return c.letters.Skip(ctx, msg, bad)
	}
	if err == nil {
		c.done.Add(1)
	}
	return err
}

// SayStopped tells students where a service stands, why, and that it will go on by itself. It says
// nothing where it will not: the process is to stop, or the error ends it and is reported then.
func SayStopped(ctx context.Context, p *service.Process, msg *sarama.ConsumerMessage, err error) {
	if _, fatal := errors.AsType[*kafka.FatalError](err); fatal || ctx.Err() != nil {
		return
	}
	p.Out.Print(fmt.Sprintf(service.Pick(p.Lang,
		"parado em %s, partição %d, offset %d: %v; nada foi perdido, tento de novo em instantes",
		"stopped at %s, partition %d, offset %d: %v; nothing is lost, trying again in a moment"),
		msg.Topic, msg.Partition, msg.Offset, err))
}
