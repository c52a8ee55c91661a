package admin

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// errTooMany is errEnough for a message that comes too late.
var errTooMany = fmt.Errorf("too many: %w", ErrEnough)

// messagePrinter prints messages, up to a number of them. It is safe for concurrent use.
type messagePrinter struct {
	json, verbose bool
	terminal      bool
	max           int64 // 0: no limit

	mu sync.Mutex
	w  *bufio.Writer
	n  int64
}

func newMessagePrinter(w io.Writer, json, verbose bool, limit int64) *messagePrinter {
	return &messagePrinter{json: json, verbose: verbose, terminal: service.IsTerminal(w), max: limit, w: bufio.NewWriterSize(w, 64<<10)}
}

// print keeps the message for the next flush. It returns errEnough with the last one that it may print;
// after that it prints nothing, and returns errTooMany.
func (p *messagePrinter) print(msg *sarama.ConsumerMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.max > 0 && p.n >= p.max {
		return errTooMany
	}
	if err := p.write(msg); err != nil {
		return err
	}
	if p.n++; p.n == p.max {
		return ErrEnough
	}
	return nil
}

func (p *messagePrinter) write(msg *sarama.ConsumerMessage) error {
	switch {
	case p.json:
		return WriteJSON(p.w, MessageOf(msg), "")
	case p.verbose:
		if p.n == 0 {
			fmt.Fprintln(p.w, "PARTITION  OFFSET    TIME                      KEY              HEADERS  VALUE")
		}
		fmt.Fprintf(p.w, "%-9d  %-8d  %-24s  %-15s  %-7s  ", msg.Partition, msg.Offset, stamp(msg.Timestamp), Quoted(msg.Key), Headers(msg.Headers))
	}
	value := Text(msg.Value)
	if p.terminal {
		value = service.Safe(value)
	}
	p.w.WriteString(value)
	return p.w.WriteByte('\n')
}

func (p *messagePrinter) printed() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func (p *messagePrinter) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.w.Flush()
}

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
	return Dash(strings.Join(all, ","))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

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
	m := Message{Topic: msg.Topic, Partition: msg.Partition, Offset: msg.Offset, Timestamp: stamp(msg.Timestamp), Headers: []Header{}}
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
