package admin

import (
	"fmt"
	"strings"

	"github.com/IBM/sarama"
)

const (
	dlqSuffix = ".dlq"
	dlqPrefix = "dlq." // of the headers that a consumer adds to a letter
	attempt   = "dlq.attempt"
)

// letter is what the headers of a dead letter say of the message that it was. A letter that failed again
// after a replay may have a header twice: the last one counts.
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

// replay is the message that goes back to where the letter came from: the original's bytes and headers,
// and the count of attempts, which a consumer raises when it fails again. It is nil for a message that
// is no letter.
func replay(msg *sarama.ConsumerMessage) *sarama.ProducerMessage {
	l, original := letterOf(msg)
	if l.Topic == "" {
		return nil
	}
	back := &sarama.ProducerMessage{Topic: l.Topic, Key: encoder(msg.Key), Value: encoder(msg.Value)}
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

// isLetters fails where a topic's name is not one of dead letters.
func isLetters(s *session, topic string) error {
	if _, err := s.topic(topic); err != nil {
		return err
	}
	if !strings.HasSuffix(topic, dlqSuffix) {
		return fmt.Errorf("%s has no dead letters: the names of topics that have them end in %s («workshop dlq list» names all)", topic, dlqSuffix)
	}
	return nil
}

// replayGroup keeps how far the letters of a topic were replayed.
func replayGroup(topic string) string { return "dlq-replay-" + topic }
