package deadletter

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// origins are the messages that have gone back already. A message that three services cannot read leaves three letters in the topic
// that they share. If all were sent back, each of the services would read all three, and write nine letters.
//
// It is nil, and knows none, for a topic with the letters of one service.
type origins struct {
	seen  map[string][]string // the values of dlq.timestamp, by place, key and value
	again int64
}

// readOrigins reads the letters of a shared topic that earlier replays have sent back.
func readOrigins(ctx context.Context, s *session.Session, topic string, done map[offset.Place]int64) (*origins, error) {
	if !strings.HasSuffix(topic, event.DeadLetterTopic) {
		return nil, nil
	}
	o := &origins{seen: map[string][]string{}}
	spans, err := letterSpans(ctx, s, topic, nil)
	if err != nil {
		return nil, err
	}
	for p, span := range spans {
		span.To = done[p]
		err := offset.Read(ctx, s.Client, p, span, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
			o.known(msg)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	o.again = 0
	return o, nil
}

// known records the original of a letter, and reports whether it was known.
func (o *origins) known(msg *sarama.ConsumerMessage) bool {
	if o == nil {
		return false
	}
	headers, _ := letterOf(msg)
	l, value := unwrap(msg, headers)
	if l.Topic == "" {
		return false
	}
	// A recreated topic counts its offsets from 0: the same place there holds another message, which its
	// timestamp, key and value tell apart.
	origin := fmt.Sprintf("%s/%s/%s/%x", l.Topic, l.Partition, l.Offset, sha256.Sum256(fmt.Appendf(nil, "%q %q", msg.Key, value)))
	for _, written := range o.seen[origin] {
		// A letter that was copied without its headers has no timestamp.
		if written == l.Timestamp || written == "" || l.Timestamp == "" {
			o.again++
			return true
		}
	}
	o.seen[origin] = append(o.seen[origin], l.Timestamp)
	return false
}
