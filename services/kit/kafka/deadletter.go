package kafka

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/metric"
	"workshop.example/kit/wait"
)

const (
	// maxDeadLetterError keeps a message's headers small, whatever its decoder had to say.
	maxDeadLetterError = 1024
	// DeadLetterRoom is what a dead-letter topic accepts beyond its source, for the headers we add.
	DeadLetterRoom = 64 << 10
	// DefaultMaxMessageBytes is the broker's own default for the largest batch (message.max.bytes).
	DefaultMaxMessageBytes = 1048588
)

// DeadLetters takes what a consumer cannot read, so that one bad message does not stop a stream.
type DeadLetters struct {
	// Wrap, where it is not nil, may put a letter's value into another form before it is sent.
	Wrap func(msg *sarama.ConsumerMessage, letter *sarama.ProducerMessage, bad *event.Malformed) error

	topic    string // empty: dead letters are off
	service  string // that writes letters
	hooks    Hooks
	client   sarama.Client
	producer sarama.SyncProducer
	skipped  atomic.Uint64
	total    *prometheus.CounterVec
}

// NewDeadLetters makes a producer for the topic, with a copy of conf. With an empty topic the first
// message that is skipped is a FatalError.
func (c Cluster) NewDeadLetters(ctx context.Context, conf *sarama.Config, topic string, hooks Hooks) (*DeadLetters, error) {
	d := &DeadLetters{topic: topic, service: conf.ClientID, hooks: hooks.Complete()}
	d.total = metric.Counters(d.hooks.Metrics, "workshop_dead_letters_total", "Messages that became dead letters, by reason.",
		"reason", event.Reasons...)
	if topic == "" {
		return d, nil
	}
	letters := *conf
	// The original may be as large as its topic allows, and our headers come on top.
	letters.Producer.MaxMessageBytes = DefaultMaxMessageBytes + DeadLetterRoom
	// One letter a batch: letters of several workers, together, could be larger than the topic allows.
	letters.Producer.Flush.MaxMessages = 1
	_, err := Interruptible(ctx, func() (_ *DeadLetters, err error) {
		if d.client, err = c.client(&letters, []string{topic}); err != nil {
			return nil, err
		}
		d.producer, err = sarama.NewSyncProducerFromClient(d.client)
		return d, err
	})
	if err != nil {
		return nil, fmt.Errorf("producer for dead letters: %w", Denied(err, Right{"Write", "topic", topic}))
	}
	return d, nil
}

// Skip publishes msg as a dead letter, reports it and counts it. Key and value are the original's
// bytes; the original's headers come first, behind them where it came from and why it was refused.
// Only after a nil error may the original's offset be passed.
func (d *DeadLetters) Skip(ctx context.Context, msg *sarama.ConsumerMessage, bad *event.Malformed) error {
	letter, err := d.Letter(msg, bad)
	if err != nil {
		return err
	}
	about := Place(msg) // whose letter it is, until the letter's own place is known
	about.Topic = letter.Topic
	if err := Send(ctx, d.producer, letter, d.hooks.History.Begin(history.Send, about)); err != nil {
		return fmt.Errorf("dead letter of %s, partition %d, offset %d, to %s: %w", msg.Topic, msg.Partition, msg.Offset, d.topic, err)
	}
	d.Told(msg, bad)
	return nil
}

// Letter is the dead letter of msg, for callers that send it in a transaction of their own and call Told after
// the commit. It fails as Skip does where dead letters are off.
func (d *DeadLetters) Letter(msg *sarama.ConsumerMessage, bad *event.Malformed) (*sarama.ProducerMessage, error) {
	if d.topic == "" {
		return nil, &FatalError{fmt.Errorf("%s, partition %d, offset %d: %w; nothing may pass it, because DEAD_LETTER_TOPIC=none",
			msg.Topic, msg.Partition, msg.Offset, bad)}
	}
	letter := d.letter(msg, bad.Reason, bad)
	if d.Wrap != nil {
		if err := d.Wrap(msg, letter, bad); err != nil {
			return nil, err
		}
	}
	return letter, nil
}

// Told reports that msg has become a dead letter, and counts it.
func (d *DeadLetters) Told(msg *sarama.ConsumerMessage, bad *event.Malformed) {
	d.hooks.Skipped(msg, bad.Reason, d.topic)
	d.skipped.Add(1)
	d.total.WithLabelValues(bad.Reason).Inc()
}

// Skipped is how many messages became dead letters.
func (d *DeadLetters) Skipped() uint64 { return d.skipped.Load() }

func (d *DeadLetters) letter(msg *sarama.ConsumerMessage, reason string, cause error) *sarama.ProducerMessage {
	letter := &sarama.ProducerMessage{Topic: d.topic, Key: bytesOrNil(msg.Key), Value: bytesOrNil(msg.Value)}
	attempt := 1
	for _, h := range msg.Headers {
		letter.Headers = append(letter.Headers, *h)
		if string(h.Key) == "dlq.attempt" { // a dead letter of a dead letter
			if n, err := strconv.Atoi(string(h.Value)); err == nil {
				attempt = n + 1
			}
		}
	}
	text := cause.Error()
	if len(text) > maxDeadLetterError {
		text = strings.ToValidUTF8(text[:maxDeadLetterError], "")
	}
	for _, h := range [][2]string{
		{"dlq.topic", msg.Topic},
		{"dlq.partition", strconv.Itoa(int(msg.Partition))},
		{"dlq.offset", strconv.FormatInt(msg.Offset, 10)},
		{"dlq.timestamp", msg.Timestamp.UTC().Format(time.RFC3339Nano)},
		{"dlq.reason", reason},
		{"dlq.error", text},
		{"dlq.service", d.service},
		{"dlq.at", time.Now().UTC().Format(time.RFC3339Nano)},
		{"dlq.attempt", strconv.Itoa(attempt)},
	} {
		letter.Headers = append(letter.Headers, sarama.RecordHeader{Key: []byte(h[0]), Value: []byte(h[1])})
	}
	return letter
}

// bytesOrNil keeps null apart from empty: a nil Encoder is a null key or value on the wire.
func bytesOrNil(b []byte) sarama.Encoder {
	if b == nil {
		return nil
	}
	return sarama.ByteEncoder(b)
}

// Close ends the producer's connections.
func (d *DeadLetters) Close() error {
	if d.producer != nil {
		wait.CloseWithin(wait.CloseTimeout, d.producer)
	}
	if d.client != nil {
		wait.CloseWithin(wait.CloseTimeout, d.client)
	}
	return nil
}
