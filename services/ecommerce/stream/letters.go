package stream

import (
	"context"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

// Reasons of a dead letter besides event.Reasons.
const (
	ReasonNoSuchTopic = "no-such-topic" // a command names a topic that is not there
	ReasonRefused     = "refused"       // another system, such as the mail server, has refused it for good
)

// Rejected is a message that is readable and still cannot be processed, now or later. Returned by a
// handler it makes a dead letter. Anything that may be better in a while is another error.
func Rejected(reason, format string, args ...any) error {
	return &event.Malformed{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// NewLetters makes what writes to ECOMMERCE_DEADLETTER. The tries of one letter end after some seconds,
// not after a minute, so that somebody who looks at the screen soon reads why nothing moves.
func (s Settings) NewLetters(ctx context.Context, p *service.Process) (*kafka.DeadLetters, error) {
	conf := s.Config(p)
	conf.Producer.Retry.Max = 20
	conf.Metadata.Retry.Max = 10
	letters, err := s.Cluster.NewDeadLetters(ctx, conf, s.Topic(event.DeadLetterTopic), lines.Hooks(p))
	if err != nil {
		return nil, err
	}
	letters.Wrap = func(msg *sarama.ConsumerMessage, letter *sarama.ProducerMessage, bad *event.Malformed) error {
		return wrap(p.Name, msg, letter, bad)
	}
	return letters, nil
}

// maxLetter is the largest letter in its readable form: JSON can make six bytes of one, and a letter that
// the topic does not take would stop the service for good.
const maxLetter = kafka.DefaultMaxMessageBytes - 4<<10

// wrap writes the letter's value as JSON for people. The headers of every dead letter, with which tools
// send it back, stay beside it. A value that would become too large stays as it came.
func wrap(name string, msg *sarama.ConsumerMessage, letter *sarama.ProducerMessage, bad *event.Malformed) error {
	d := event.DeadLetter{
		Topic: msg.Topic, Partition: msg.Partition, Offset: msg.Offset,
		Service: name, Reason: bad.Reason, Error: bad.Err.Error(), Attempt: 1, At: time.Now().UTC().Format(time.RFC3339Nano),
	}
	if msg.Key != nil && utf8.Valid(msg.Key) {
		key := string(msg.Key)
		d.Key = &key
	}
	for _, h := range letter.Headers {
		if string(h.Key) == "dlq.attempt" {
			if n, err := strconv.Atoi(string(h.Value)); err == nil {
				d.Attempt = n // the last one counts
			}
		}
	}
	d.Put(msg.Value)
	way := event.CorrelationID("")
	if e, err := event.DecodeEnvelope(msg.Value); err == nil {
		way = e.CorrelationID
	}
	value, err := event.EncodeEnvelope(d, way.ContinueWith("DeadLetter").SentTo(event.DeadLetterTopic))
	if err != nil {
		return err
	}
	if len(value)+beside(letter) <= maxLetter {
		letter.Value = sarama.ByteEncoder(value)
	}
	return nil
}

// beside is what a letter takes besides its value.
func beside(letter *sarama.ProducerMessage) int {
	const framing = 10 // lengths, of each header
	n := 0
	if letter.Key != nil {
		n = letter.Key.Length()
	}
	for _, h := range letter.Headers {
		n += len(h.Key) + len(h.Value) + framing
	}
	return n
}
