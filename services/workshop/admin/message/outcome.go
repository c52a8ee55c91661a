package message

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// maxComplaints is how many failed lines are named; with more, their number says enough.
const maxComplaints = 10

// outcome counts lines by outcome.
type outcome struct {
	sent, acknowledged, failed atomic.Int64

	mu       sync.Mutex
	printErr error // the first one of printing where lines stand
}

// complain counts a line that failed, and reports whether it is to be named.
func (o *outcome) complain() bool { return o.failed.Add(1) <= maxComplaints }

// printed keeps the first error.
func (o *outcome) printed(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.printErr == nil {
		o.printErr = err
	}
}

func (o *outcome) printError() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.printErr != nil {
		return fmt.Errorf("everything was sent, but not every line of the report could be printed: %w", o.printErr)
	}
	return nil
}
