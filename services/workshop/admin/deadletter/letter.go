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

// letter is what the headers of a dead letter say of the message that it was. A letter that failed again
// after a replay may have a header twice: the last one counts.
//
// The e-commerce services also say it in the letter's value, an envelope for people. Of such a letter the
// last three fields tell what the value was before; of another one the value is the original's.
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

// letterOf reads the headers. It returns those of the original too.
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

// unwrap is the original's value, and the letter with all that its value tells. Whether a value is an
// envelope for people or the original itself, the record decides and not its topic's name: an original may
// be an envelope of a dead letter too, but then not of the message that the headers name.
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

// replay is the message that goes back to where the letter came from: the original's bytes and headers,
// and the count of attempts, which a consumer raises when it fails again. It is nil for a message that
// is no letter.
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

// encoder keeps null apart from empty.
func encoder(b []byte) sarama.Encoder {
	if b == nil {
		return nil
	}
	return sarama.ByteEncoder(b)
}

// hasLetters says whether a topic's name is one of dead letters. Of the e-commerce topics all share one,
// before whose name a class may have put a prefix of its own.
func hasLetters(topic string) bool {
	return strings.HasSuffix(topic, dlqSuffix) || strings.HasSuffix(topic, event.DeadLetterTopic)
}

// isLetters fails where a topic's name is not one of dead letters.
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

// replayGroup keeps how far the letters of a topic were replayed.
func replayGroup(topic string) string { return "dlq-replay-" + topic }
