package message

import (
	"bufio"
	"fmt"
	"io"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/format"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// errTooMany is [offset.ErrEnough] for a message beyond the limit.
var errTooMany = fmt.Errorf("too many: %w", offset.ErrEnough)

// messagePrinter prints messages up to a limit. It is safe for concurrent use.
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

// print buffers a message until flush. It returns [offset.ErrEnough] with the last message that it may print, and errTooMany for
// those that follow.
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
		return offset.ErrEnough
	}
	return nil
}

func (p *messagePrinter) write(msg *sarama.ConsumerMessage) error {
	switch {
	case p.json:
		return session.WriteJSON(p.w, format.NewMessage(msg), "")
	case p.verbose:
		if p.n == 0 {
			fmt.Fprintln(p.w, "PARTITION  OFFSET    TIME                      KEY              HEADERS  VALUE")
		}
		fmt.Fprintf(p.w, "%-9d  %-8d  %-24s  %-15s  %-7s  ",
			msg.Partition, msg.Offset, format.Time(msg.Timestamp), format.Quoted(msg.Key), format.Headers(msg.Headers))
	}
	value := format.Text(msg.Value)
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
