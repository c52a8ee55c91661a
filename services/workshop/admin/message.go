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
var errTooMany = fmt.Errorf("too many: %w", errEnough)

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
		return errEnough
	}
	return nil
}

func (p *messagePrinter) write(msg *sarama.ConsumerMessage) error {
	switch {
	case p.json:
		return writeJSON(p.w, messageOf(msg), "")
	case p.verbose:
		if p.n == 0 {
			fmt.Fprintln(p.w, "PARTITION  OFFSET    TIME                      KEY              HEADERS  VALUE")
		}
		fmt.Fprintf(p.w, "%-9d  %-8d  %-24s  %-15s  %-7s  ", msg.Partition, msg.Offset, stamp(msg.Timestamp), readable(msg.Key), readableHeaders(msg.Headers))
	}
	value := text(msg.Value)
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

// text is the bytes as they are, and the word null for none: as kafka-console-consumer has it.
func text(b []byte) string {
	if b == nil {
		return "null"
	}
	return string(b)
}

// readable is text that stays on its line and in its column.
func readable(b []byte) string {
	if b == nil {
		return "-"
	}
	s := string(b)
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` || s == "" || strings.ContainsAny(s, " ") {
		return quoted
	}
	return s
}

func readableHeaders(headers []*sarama.RecordHeader) string {
	var all []string
	for _, h := range headers {
		all = append(all, readable(h.Key)+"="+readable(h.Value))
	}
	return dash(strings.Join(all, ","))
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// message is a message in JSON. What is not text is base64, in a field of another name.
type message struct {
	Topic       string          `json:"topic"`
	Partition   int32           `json:"partition"`
	Offset      int64           `json:"offset"`
	Timestamp   string          `json:"timestamp"`
	Key         *string         `json:"key"`
	KeyBase64   string          `json:"keyBase64,omitempty"`
	Value       *string         `json:"value"`
	ValueBase64 string          `json:"valueBase64,omitempty"`
	Headers     []messageHeader `json:"headers"`
}

type messageHeader struct {
	Key         string  `json:"key"`
	Value       *string `json:"value"`
	ValueBase64 string  `json:"valueBase64,omitempty"`
}

func messageOf(msg *sarama.ConsumerMessage) message {
	m := message{Topic: msg.Topic, Partition: msg.Partition, Offset: msg.Offset, Timestamp: stamp(msg.Timestamp), Headers: []messageHeader{}}
	m.Key, m.KeyBase64 = jsonText(msg.Key)
	m.Value, m.ValueBase64 = jsonText(msg.Value)
	for _, h := range msg.Headers {
		header := messageHeader{Key: string(h.Key)}
		header.Value, header.ValueBase64 = jsonText(h.Value)
		m.Headers = append(m.Headers, header)
	}
	return m
}

func jsonText(b []byte) (text *string, encoded string) {
	if b == nil {
		return nil, ""
	}
	if !utf8.Valid(b) {
		return nil, base64.StdEncoding.EncodeToString(b)
	}
	s := string(b)
	return &s, ""
}
