package format

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/IBM/sarama"
)

// Message is a message in JSON. What is not text is base64, in a field of another name.
type Message struct {
	Topic       string   `json:"topic"`
	Partition   int32    `json:"partition"`
	Offset      int64    `json:"offset"`
	Timestamp   string   `json:"timestamp"`
	Key         *string  `json:"key"`
	KeyBase64   string   `json:"keyBase64,omitempty"`
	Value       *string  `json:"value"`
	ValueBase64 string   `json:"valueBase64,omitempty"`
	Headers     []Header `json:"headers"`
}

type Header struct {
	Key         string  `json:"key"`
	Value       *string `json:"value"`
	ValueBase64 string  `json:"valueBase64,omitempty"`
}

func MessageOf(msg *sarama.ConsumerMessage) Message {
	m := Message{Topic: msg.Topic, Partition: msg.Partition, Offset: msg.Offset, Timestamp: Time(msg.Timestamp), Headers: []Header{}}
	m.Key, m.KeyBase64 = JSONText(msg.Key)
	m.Value, m.ValueBase64 = JSONText(msg.Value)
	for _, h := range msg.Headers {
		header := Header{Key: string(h.Key)}
		header.Value, header.ValueBase64 = JSONText(h.Value)
		m.Headers = append(m.Headers, header)
	}
	return m
}

func JSONText(b []byte) (text *string, encoded string) {
	if b == nil {
		return nil, ""
	}
	if !utf8.Valid(b) {
		return nil, base64.StdEncoding.EncodeToString(b)
	}
	s := string(b)
	return &s, ""
}
