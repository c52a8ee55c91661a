package admin

import (
	"errors"
	"fmt"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// maxComplaints is how many failed lines are named; with more, their number says enough.
const maxComplaints = 10

// outcome counts lines by outcome.
type outcome struct {
	mu                         sync.Mutex
	sent, acknowledged, failed int64
	printErr                   error
}

// begin counts a line and returns its number.
func (o *outcome) begin() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent++
	return o.sent
}

// acknowledge counts a line that arrived.
func (o *outcome) acknowledge() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.acknowledged++
}

// printed keeps the first error of printing where lines stand.
func (o *outcome) printed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.printErr == nil {
		o.printErr = err
	}
}

// complain counts a line that failed, and reports whether it is to be named.
func (o *outcome) complain() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed++
	return o.failed <= maxComplaints
}

func (o *outcome) counts() (sent, acknowledged, failed int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sent, o.acknowledged, o.failed
}

func (o *outcome) printError() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.printErr != nil {
		return fmt.Errorf("everything was sent, but not every line of the report could be printed: %w", o.printErr)
	}
	return nil
}

// fail says which line failed.
func (p *produce) fail(line int64, err error) {
	if errors.Is(err, sarama.ErrShuttingDown) {
		err = errors.New("not sent: this program was stopped first")
	}
	if kafka.TooLarge(err) {
		err = fmt.Errorf("larger than %s accepts (max.message.bytes): raise it with: workshop topics alter %s --config max.message.bytes=N", p.topic, p.topic)
	}
	if p.verbose || p.Output == "json" {
		p.printed(p.report.line(p.Stdout, line, "")) // those behind it need not wait any more
	}
	if p.complain() {
		p.Note("line %d: %v", line, err)
	}
}
