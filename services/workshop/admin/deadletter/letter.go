package deadletter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/workshop/admin/format"
	"workshop.example/workshop/admin/session"
)

const (
	dlqSuffix = ".dlq"
	dlqPrefix = "dlq." // of the headers that a consumer adds to a letter
	attempt   = "dlq.attempt"
)

// letter is what the headers of a dead letter say about the original message. A letter that failed again after a replay may have a
// header twice, and the last one counts.
//
// The e-commerce services repeat it in the value of the letter, an envelope for people. The last three fields are only set for such
// letters; the value of the others is that of the original.
type letter struct {
	Topic     string `json:"topic"`
	Partition string `json:"partition"`
	Offset    string `json:"offset"`
	Timestamp string `json:"timestamp"`
	Reason    string `json:"reason"`
	Error     string `json:"error"`
	Service   string `json:"service"`
	At        string `json:"at"`
	Attempt   string `json:"attempt"`

	CorrelationID  string  `json:"correlationId,omitempty"`
	Original       *string `json:"original,omitempty"`
	OriginalBase64 string  `json:"originalBase64,omitempty"`
}

// letterOf parses the headers of a letter, and returns those of the original.
func letterOf(msg *sarama.ConsumerMessage) (l letter, original []*sarama.RecordHeader) {
	fields := map[string]*string{
		"topic": &l.Topic, "partition": &l.Partition, "offset": &l.Offset, "timestamp": &l.Timestamp,
		"reason": &l.Reason, "error": &l.Error, "service": &l.Service, "at": &l.At, "attempt": &l.Attempt,
	}
	for _, h := range msg.Headers {
		name, ours := strings.CutPrefix(string(h.Key), dlqPrefix)
		if !ours {
			original = append(original, h)
			continue
		}
		if field, ok := fields[name]; ok {
			*field = string(h.Value)
		}
	}
	return l, original
}

// unwrap returns the value of the original, and the letter with what an envelope adds to it. The message decides whether its value is
// an envelope or the original itself, and not the name of its topic: an original may be the envelope of a letter too, but then not of
// the message that the headers name.
func unwrap(msg *sarama.ConsumerMessage, l letter) (letter, []byte) {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		return l, msg.Value
	}
	if value, err := envelope.Bytes(); err == nil && l.Topic == "" { // a Java program's, which does not say where it came from
		l.CorrelationID = string(envelope.CorrelationID)
		l.Original, l.OriginalBase64 = format.JSONText(value)
		return l, value
	}
	d, err := envelope.DeadLetter()
	partition, offset := strconv.Itoa(int(d.Partition)), strconv.FormatInt(d.Offset, 10)
	if err != nil || l.Topic != "" && (l.Topic != d.Topic || l.Partition != partition || l.Offset != offset) {
		return l, msg.Value
	}
	value, err := d.Original()
	if err != nil {
		return l, msg.Value
	}
	if l.Topic == "" { // copied without its headers
		l = letter{
			Topic: d.Topic, Partition: partition, Offset: offset, Reason: d.Reason, Error: d.Error,
			Service: d.Service, At: d.At, Attempt: strconv.Itoa(d.Attempt),
		}
	}
	l.CorrelationID = string(envelope.CorrelationID)
	l.Original, l.OriginalBase64 = format.JSONText(value)
	return l, value
}

// replay returns the original, with the number of attempts, which a consumer raises if it fails again. It returns nil if msg is no
// letter.
func replay(msg *sarama.ConsumerMessage) *sarama.ProducerMessage {
	l, original := letterOf(msg)
	l, value := unwrap(msg, l)
	if l.Topic == "" {
		return nil
	}
	back := &sarama.ProducerMessage{Topic: l.Topic, Key: encoder(msg.Key), Value: encoder(value)}
	for _, h := range original {
		back.Headers = append(back.Headers, *h)
	}
	if l.Attempt != "" {
		back.Headers = append(back.Headers, sarama.RecordHeader{Key: []byte(attempt), Value: []byte(l.Attempt)})
	}
	return back
}

// encoder returns nil for null, which is not the same as empty.
func encoder(b []byte) sarama.Encoder {
	if b == nil {
		return nil
	}
	return sarama.ByteEncoder(b)
}

// hasLetters reports whether a topic is for dead letters, by its name. The e-commerce topics share one, whose name may have a
// prefix.
func hasLetters(topic string) bool {
	return strings.HasSuffix(topic, dlqSuffix) || strings.HasSuffix(topic, event.DeadLetterTopic)
}

// isLetters returns an error unless a topic exists and is for dead letters.
func isLetters(s *session.Session, topic string) error {
	if _, err := s.Topic(topic); err != nil {
		return err
	}
	if !hasLetters(topic) {
		return fmt.Errorf("%s has no dead letters: the names of topics that have them end in %s or %s («workshop dlq list» names all)",
			topic, dlqSuffix, event.DeadLetterTopic)
	}
	return nil
}

// replayGroup returns the group whose offsets say how far the letters of a topic were replayed.
func replayGroup(topic string) string { return "dlq-replay-" + topic }
