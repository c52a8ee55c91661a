package message

import (
	"fmt"
	"sync"
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
