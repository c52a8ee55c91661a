package message

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// maxComplaints is how many failed lines are named. With more, their number says enough.
const maxComplaints = 10

// outcome counts lines by outcome.
type outcome struct {
	sent, acknowledged, failed atomic.Int64
	pending                    sync.WaitGroup // one per line without an outcome

	mu       sync.Mutex
	printErr error // the first one of printing where lines stand
}

// complain counts a line that failed, and reports whether it is to be named.
func (o *outcome) complain() bool { return o.failed.Add(1) <= maxComplaints }

// printed records an error of printing, of which the first is kept.
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

// report prints where the lines are in the topic, in their order, while partitions answer in any. The text of a line waits until all
// lines before it have one or have failed. It is safe for concurrent use.
type report struct {
	mu      sync.Mutex
	through int64            // up to this line everything was printed
	waiting map[int64]string // texts of later lines
}

// line adds the text of a line, counted from 1, and prints what can be printed. The text of a failed line is empty.
func (r *report) line(w io.Writer, number int64, text string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[int64]string{}
	}
	r.waiting[number] = text
	for {
		text, ok := r.waiting[r.through+1]
		if !ok {
			return nil
		}
		r.through++
		delete(r.waiting, r.through)
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
}

// rest prints the texts that still wait, when no more answers come.
func (r *report) rest(w io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, number := range slices.Sorted(maps.Keys(r.waiting)) {
		if _, err := io.WriteString(w, r.waiting[number]); err != nil {
			return err
		}
	}
	r.waiting = nil
	return nil
}
