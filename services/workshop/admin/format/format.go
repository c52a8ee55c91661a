// Package format writes messages as text and as JSON.
package format

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/IBM/sarama"
)

// Text returns the bytes as they are, and the word null for nil, as kafka-console-consumer does.
func Text(b []byte) string {
	if b == nil {
		return "null"
	}
	return string(b)
}

// Quoted returns the bytes as one word: quoted as in Go if they are empty or have blanks or unprintable characters, a dash for nil.
func Quoted(b []byte) string {
	if b == nil {
		return "-"
	}
	s := string(b)
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` || s == "" || strings.ContainsAny(s, " ") {
		return quoted
	}
	return s
}

// Headers returns headers as NAME=VALUE, separated by commas, or a dash if there are none.
func Headers(headers []*sarama.RecordHeader) string {
	var all []string
	for _, h := range headers {
		all = append(all, Quoted(h.Key)+"="+Quoted(h.Value))
	}
	return cmp.Or(strings.Join(all, ","), "-")
}

// Time returns a time in UTC with milliseconds.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// Message is the JSON form of a message. Bytes that are not UTF-8 are in the base64 fields.
type Message struct {
	Topic       string   `json:"topic"`
	Partition   int32    `json:"partition"`
	Offset      int64    `json:"offset"`
	Timestamp   string   `json:"timestamp"`
	Key         *string  `json:"key"`
	KeyBase64   string   `json:"keyBase64,omitempty"`
	Value       *string  `json:"value"`
	ValueBase64 string   `json:"valueBase64,omitempty"`
	Headers     []header `json:"headers"`
}

type header struct {
	Key         string  `json:"key"`
	Value       *string `json:"value"`
	ValueBase64 string  `json:"valueBase64,omitempty"`
}

// NewMessage returns the JSON form of msg.
func NewMessage(msg *sarama.ConsumerMessage) Message {
	m := Message{Topic: msg.Topic, Partition: msg.Partition, Offset: msg.Offset, Timestamp: Time(msg.Timestamp), Headers: []header{}}
	m.Key, m.KeyBase64 = JSONText(msg.Key)
	m.Value, m.ValueBase64 = JSONText(msg.Value)
	for _, h := range msg.Headers {
		text, encoded := JSONText(h.Value)
		m.Headers = append(m.Headers, header{string(h.Key), text, encoded})
	}
	return m
}

// JSONText returns bytes as text, or in base64 if they are not UTF-8. Text is nil for no bytes and for base64.
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
