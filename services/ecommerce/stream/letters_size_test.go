package stream

import (
	"bytes"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

// Whatever fits into a topic has to fit, as a letter, into that of the dead letters: one that does not
// would hold its service up for ever.
func TestLettersOfLargeMessagesFit(t *testing.T) {
	const most = kafka.DefaultMaxMessageBytes - 100
	way := func(fill string, n int) []byte {
		return []byte(`{"type":"String","payload":1,"correlationId":{"id":"` + strings.Repeat(fill, n) + `"}}`)
	}
	for name, msg := range map[string]*sarama.ConsumerMessage{
		"half of it":         {Value: bytes.Repeat([]byte{0xff}, most/2)},
		"bytes":              {Value: bytes.Repeat([]byte{0xff}, most)},
		"control characters": {Value: bytes.Repeat([]byte{1}, most)},
		"quotes":             {Value: bytes.Repeat([]byte{'"'}, most)},
		"HTML":               {Value: bytes.Repeat([]byte{'<'}, most)},
		"a long way":         {Value: way("x", most-100)},
		"a way of escapes":   {Value: way(`\u0001`, most/6-100)},
		"a way of HTML":      {Value: way("<", most-100)},
		"a long key":         {Key: bytes.Repeat([]byte{1}, most/2), Value: bytes.Repeat([]byte{1}, most/2)},
	} {
		msg.Topic = event.NewOrderTopic
		letter := &sarama.ProducerMessage{Key: sarama.ByteEncoder(msg.Key), Value: sarama.ByteEncoder(msg.Value)}
		if err := wrap("test", msg, letter, &event.Malformed{Reason: event.ReasonNotJSON, Err: bytes.ErrTooLarge}); err != nil {
			t.Fatal(err)
		}
		if size, most := letter.ByteSize(2), kafka.DefaultMaxMessageBytes+kafka.DeadLetterRoom/2; size > most {
			t.Errorf("%s: the letter has %d bytes without its headers, want at most %d", name, size, most)
		}
		value := mustEncode(t, letter.Value)
		if got, err := event.DecodeEnvelope(value); err == nil {
			if d, err := got.DeadLetter(); err == nil {
				value, _ = d.Original()
			}
		}
		if !bytes.Equal(value, msg.Value) {
			t.Errorf("%s: the original is not the same any more", name)
		}
	}
}

func mustEncode(t *testing.T, e sarama.Encoder) []byte {
	t.Helper()
	value, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return value
}
