package process

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// Line is one line that a program printed.
type Line struct {
	At   time.Time
	Text string // without its end
}

// Lines is a writer that keeps the lines written to it. The zero value keeps all of them. It is safe for concurrent use.
type Lines struct {
	Most int               // if positive, at least this many of the latest lines are kept, and at most twice as many
	Each func(text string) // if not nil, is called for every line

	mu      sync.Mutex
	lines   []Line
	rest    []byte        // of a line whose end has not come yet
	changed chan struct{} // closed at the next line; nil if nobody waits for it
}

// Write keeps the whole lines in b, and the rest until its end comes. It never fails.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, b...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		l.add(string(bytes.TrimSuffix(l.rest[:i], []byte{'\r'})))
		l.rest = l.rest[i+1:]
	}
}

// Flush makes a line of what has no end yet.
func (l *Lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.add(string(l.rest))
		l.rest = nil
	}
}

func (l *Lines) add(text string) {
	l.lines = append(l.lines, Line{time.Now(), text})
	if l.Most > 0 && len(l.lines) > 2*l.Most {
		l.lines = slices.Clone(l.lines[l.Most:])
	}
	if l.Each != nil {
		l.Each(text)
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

// All returns the lines so far.
func (l *Lines) All() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// snapshot returns the lines so far, and a channel that is closed at the next one.
func (l *Lines) snapshot() ([]Line, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return slices.Clone(l.lines), l.changed
}
