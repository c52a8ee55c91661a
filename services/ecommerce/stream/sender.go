package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Sender publishes, idempotent and with acks=all. It is safe for concurrent use: a producer may serve
// all threads of a program, unlike a consumer.
type Sender struct {
	settings  Settings
	process   *service.Process
	published *kafka.Published
	client    sarama.Client
	most      int // Producer.MaxMessageBytes before topics' limits: see kafka.FitBatches

	mu       sync.RWMutex // read-locked by each send
	producer sarama.SyncProducer
}

// NewSender waits for the brokers and the topics that will be sent to.
func (s Settings) NewSender(ctx context.Context, p *service.Process, topics ...string) (*Sender, error) {
	s.Trace.Open(p)
	conf := s.Config(p)
	client, err := s.Dial(ctx, conf, p, topics...)
	if err != nil {
		return nil, err
	}
	most := conf.Producer.MaxMessageBytes
	kafka.FitBatches(ctx, client, most, s.Topics(topics...)...)
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		client.Close()
		for _, topic := range s.Topics(topics...) {
			err = kafka.Denied(err, kafka.Right{Operation: "Write", Resource: "topic", Name: topic})
		}
		return nil, fmt.Errorf("producer: %w", err)
	}
	return &Sender{
		settings: s, process: p, published: kafka.NewPublished(p.Ops.Registry), client: client, most: most, producer: producer,
	}, nil
}

// Send publishes payload and waits for its acknowledgement. After an error the message may be there or
// not (kafka.Refused tells what is certain): who consumes at least once sends it again.
func (s *Sender) Send(ctx context.Context, topic, key string, way event.CorrelationID, payload any, headers ...sarama.RecordHeader) error {
	msg, err := s.settings.Message(topic, key, way, payload)
	if err != nil {
		return err
	}
	msg.Headers = headers
	trace.From(ctx).Inject(msg)
	return s.Publish(ctx, msg)
}

// Publish is Send for a message that is ready.
func (s *Sender) Publish(ctx context.Context, msg *sarama.ProducerMessage) error {
	began, span := time.Now(), s.settings.Trace.Publishing(msg)
	used, err := s.publish(ctx, msg)
	// It may have been in a batch with others, or the topic allows more by now: see fit.
	for kafka.TooLarge(err) && s.fit(ctx, used, msg.Topic) {
		used, err = s.publish(ctx, msg)
	}
	s.published.CountErrors(began, err)
	span.End(err)
	if err != nil {
		return fmt.Errorf("publish to %s: %w", msg.Topic, err)
	}
	return nil
}

func (s *Sender) publish(ctx context.Context, msg *sarama.ProducerMessage) (used sarama.SyncProducer, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	step := s.process.History.Begin(history.Send, history.Subject{Topic: msg.Topic, Partition: history.None, Offset: history.None})
	return s.producer, kafka.Send(ctx, s.producer, msg, step)
}

// fit replaces the producer used by one that respects the limits of these topics as they are now, once all
// sends have their outcome. It reports whether there is another producer, so that it is worth trying again.
func (s *Sender) fit(ctx context.Context, used sarama.SyncProducer, topics ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.producer != used {
		return true // somebody else has
	}
	if ctx.Err() != nil || !kafka.FitBatches(ctx, s.client, s.most, topics...) {
		return false
	}
	producer, err := sarama.NewSyncProducerFromClient(s.client)
	if err != nil {
		return false
	}
	wait.CloseWithin(wait.CloseTimeout, s.producer)
	s.producer = producer
	return true
}

// Client is the sender's connection to the cluster.
func (s *Sender) Client() sarama.Client { return s.client }

// Close ends the connections.
func (s *Sender) Close() {
	wait.CloseWithin(wait.CloseTimeout, s.producer)
	wait.CloseWithin(wait.CloseTimeout, s.client)
	s.settings.Trace.Flush()
}

// PublishAll is Publish for several at once. They keep their order within a partition as long as none
// fails, or is sent again because the topic's max.message.bytes was changed meanwhile. The result has an error,
// or nil for what was acknowledged, for each of them. When ctx ends it waits wait.Grace longer; what has
// no outcome by then is kafka.ErrUnknown.
func (s *Sender) PublishAll(ctx context.Context, msgs []*sarama.ProducerMessage) []error {
	if len(msgs) == 0 {
		return nil
	}
	began, spans := time.Now(), s.spans(msgs)
	outcomes := s.publishFitting(ctx, msgs)
	s.published.CountErrors(began, outcomes...)
	for i, span := range spans {
		span.End(outcomes[i])
	}
	return outcomes
}

// spans begins those of messages; nil where nothing is traced.
func (s *Sender) spans(msgs []*sarama.ProducerMessage) (spans []*trace.Span) {
	if s.settings.Trace == nil {
		return nil
	}
	for _, msg := range msgs {
		spans = append(spans, s.settings.Trace.Publishing(msg))
	}
	return spans
}

func (s *Sender) publishFitting(ctx context.Context, msgs []*sarama.ProducerMessage) []error {
	used, outcomes := s.publishAll(ctx, msgs)
	var refused []int
	var again []*sarama.ProducerMessage
	var topics []string
	for i, err := range outcomes {
		if kafka.TooLarge(err) {
			refused, again, topics = append(refused, i), append(again, msgs[i]), append(topics, msgs[i].Topic)
		}
	}
	if len(again) == 0 || !s.fit(ctx, used, slices.Compact(topics)...) {
		return outcomes
	}
	for i, err := range s.publishFitting(ctx, again) { // ends when the limit has not changed
		outcomes[refused[i]] = err
	}
	return outcomes
}

func (s *Sender) publishAll(ctx context.Context, msgs []*sarama.ProducerMessage) (sarama.SyncProducer, []error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	outcomes := make([]error, len(msgs))
	steps := make([]history.Operation, len(msgs))
	for i, msg := range msgs {
		steps[i] = s.process.History.Begin(history.Send, history.Subject{Topic: msg.Topic, Partition: history.None, Offset: history.None})
	}
	err := kafka.Await(ctx, func() error { return s.producer.SendMessages(msgs) })
	failed, some := errors.AsType[sarama.ProducerErrors](err)
	switch {
	case err == nil:
	case some:
		index := make(map[*sarama.ProducerMessage]int, len(msgs))
		for i, msg := range msgs {
			index[msg] = i
		}
		for _, f := range failed {
			outcomes[index[f.Msg]] = fmt.Errorf("publish to %s: %w", f.Msg.Topic, f.Err)
		}
	default:
		for i, msg := range msgs {
			outcomes[i] = fmt.Errorf("publish to %s: %w", msg.Topic, err)
		}
	}
	for i, err := range outcomes {
		kafka.Settle(steps[i], msgs[i], err)
	}
	return s.producer, outcomes
}
