// Package format writes messages as text and as JSON.
package format

import (
	"cmp"
	"strconv"
	"strings"
	"time"

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
