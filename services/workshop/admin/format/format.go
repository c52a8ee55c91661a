// Package format writes messages as text and as JSON.
package format

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// Text is the bytes as they are, and the word null for none: as kafka-console-consumer has it.
func Text(b []byte) string {
	if b == nil {
		return "null"
	}
	return string(b)
}

// Quoted is text that stays on its line and in its column.
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

func Headers(headers []*sarama.RecordHeader) string {
	var all []string
	for _, h := range headers {
		all = append(all, Quoted(h.Key)+"="+Quoted(h.Value))
	}
	return cmp.Or(strings.Join(all, ","), "-")
}

func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }
