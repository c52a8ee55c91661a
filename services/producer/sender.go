package producer

import (
	"context"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/publish"
	"workshop.example/kit/kafkaenv"
)

// sender sends transactions, and tells report the outcome of each. It does not wait for the answer to one before it
// takes the next. PUBLISHER chooses it.
type sender interface {
	// send returns an error where it did not take t; then there is no outcome. It may block for seconds, while a partition has
	// no leader, but not beyond the end of ctx.
	send(ctx context.Context, t *event.Transaction, o *outgoing) error
	// close gives up what has no outcome yet.
	close()
}

func newSender(ctx context.Context, cfg config, client sarama.Client, report func([]publish.Outcome)) (sender, error) {
	write := kafka.Right{Operation: "Write", Resource: "topic", Name: cfg.topic}
	if cfg.publisher == kafkaenv.PublisherSarama {
		producer, err := kafka.Interruptible(ctx, func() (sarama.AsyncProducer, error) { return sarama.NewAsyncProducerFromClient(client) })
		if err != nil {
			return nil, kafka.Denied(err, write)
		}
		s := &asyncSender{producer: producer, topic: cfg.topic}
		go s.report(cfg.buffer, report)
		return s, nil
	}
	publisher, err := publish.New(ctx, client, publish.Options{Topics: []string{cfg.topic}, Outcomes: report})
	if err != nil {
		return nil, kafka.Denied(err, write)
	}
	return &batchSender{publisher: publisher, topic: cfg.topic}, nil
}

// batchSender sends by kit/kafka/publish, which copies a message into the batch of its partition at once.
type batchSender struct {
	publisher  *publish.Publisher
	topic      string
	key, value []byte // of the last message
}

func (s *batchSender) send(ctx context.Context, t *event.Transaction, o *outgoing) error {
	s.key, s.value = append(s.key[:0], t.IDUsuario...), t.AppendJSON(s.value[:0])
	return s.publisher.Publish(ctx, &publish.Message{Topic: s.topic, Key: s.key, Value: s.value, Tag: o})
}

func (s *batchSender) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // whoever wanted to wait has done so
	s.publisher.Close(ctx)
}

// asyncSender sends by sarama's AsyncProducer, as a program without kit/kafka/publish would. Answers arrive on two
// channels, Successes and Errors.
type asyncSender struct {
	producer sarama.AsyncProducer
	topic    string
	free     sync.Pool // of *asyncMessage: at PACE=0 garbage would be the main work
}

// asyncMessage is a message on its way, and its memory, which sarama needs until the outcome.
type asyncMessage struct {
	sarama.ProducerMessage
	key      sarama.StringEncoder
	value    sarama.ByteEncoder
	outgoing *outgoing
}

func (s *asyncSender) send(ctx context.Context, t *event.Transaction, o *outgoing) error {
	m, again := s.free.Get().(*asyncMessage)
	if !again {
		m = new(asyncMessage)
	}
	m.key, m.value, m.outgoing = sarama.StringEncoder(t.IDUsuario), t.AppendJSON(m.value[:0]), o
	m.ProducerMessage = sarama.ProducerMessage{Topic: s.topic, Key: &m.key, Value: &m.value, Metadata: m}
	select {
	case s.producer.Input() <- &m.ProducerMessage:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close does not wait: sarama's close fails every message that is just being retried.
func (s *asyncSender) close() { s.producer.AsyncClose() }

// report tells outcomes, those that wait together at once. Sarama's own channels have no buffer, so nothing would ever be
// waiting there.
func (s *asyncSender) report(buffer int, report func([]publish.Outcome)) {
	waiting := make(chan publish.Outcome, buffer)
	var reading sync.WaitGroup
	reading.Go(func() {
		for msg := range s.producer.Successes() {
			waiting <- s.outcome(msg, publish.Acknowledged, nil)
		}
	})
	reading.Go(func() {
		for failure := range s.producer.Errors() {
			result := publish.Unknown // when sarama has used up its retries, an earlier try may have been written
			if kafka.Refused(failure.Err) {
				result = publish.Failed
			}
			waiting <- s.outcome(failure.Msg, result, failure.Err)
		}
	})
	go func() { reading.Wait(); close(waiting) }()
	var outcomes []publish.Outcome
	for o := range waiting {
		outcomes = append(outcomes[:0], o)
		for range len(waiting) {
			outcomes = append(outcomes, <-waiting)
		}
		report(outcomes)
	}
}

// outcome makes the memory of msg free.
func (s *asyncSender) outcome(msg *sarama.ProducerMessage, result publish.Result, err error) publish.Outcome {
	m := msg.Metadata.(*asyncMessage)
	o := publish.Outcome{Tag: m.outgoing, Result: result, Partition: msg.Partition, Offset: msg.Offset, Err: err}
	s.free.Put(m)
	return o
}
