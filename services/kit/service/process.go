package service

import (
	"bufio"
	"bytes"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"workshop.example/kit/history"
)

// Lang is the language of the lines meant for students.
type Lang string

// Portuguese is the default; code, logs and --help are English in both.
const (
	Portuguese Lang = "pt"
	English    Lang = "en"
)

// Pick returns pt or en, whichever the language asks for.
func Pick[T any](l Lang, pt, en T) T {
	if l == English {
		return en
	}
	return pt
}

// Process is what a running service gets from [Main]: where to print, where to log, and its
// operations endpoint.
type Process struct {
	Name    string
	Lang    Lang
	Out     *Lines            // lines meant for students: standard output
	Log     *slog.Logger      // standard error
	Ops     *Ops              // metrics and health; never nil, but silent without OPS_ADDR
	History *history.Recorder // what truly happened; nil without HISTORY
}

var newline = []byte("\n")

// Show writes the lines of one message, and notes it in the history: before it writes, and once they are flushed. The last line
// may lack its end.
func (p *Process) Show(about history.Subject, text []byte) {
	step := p.History.Begin(history.Show, about)
	p.Out.mu.Lock()
	defer p.Out.mu.Unlock()
	p.Out.write(text)
	if !bytes.HasSuffix(text, newline) {
		p.Out.write(newline)
	}
	if p.History != nil {
		if p.Out.outcomes == nil {
			p.Out.outcomes = p.History.Batch()
		}
		p.Out.shown = append(p.Out.shown, step)
	}
}

// Lines writes whole lines. It is safe for concurrent use, so that lines of two partitions never mix.
//
// Writes are buffered, because a write call a line is what limits a producer at PACE=0; whoever
// prints calls [Lines.Flush] as soon as it has nothing more to print at once, or [Lines.FlushSoon].
//
// On a terminal the lines are made harmless ([SafeLines]), as they show what others have sent.
type Lines struct {
	mu       sync.Mutex
	w        *bufio.Writer
	terminal bool
	shown    []history.Operation // whose lines are to be flushed
	outcomes *history.Batch      // theirs go into the history together
	soon     atomic.Bool         // a flush is on its way
}

// NewLines writes to w in chunks of up to 64 KiB.
func NewLines(w io.Writer) *Lines {
	return &Lines{w: bufio.NewWriterSize(w, 64<<10), terminal: IsTerminal(w)}
}

// Write keeps p for the next flush. An error of the underlying writer shows at the flush.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.write(p)
}

func (l *Lines) write(p []byte) (int, error) {
	if !l.terminal {
		return l.w.Write(p)
	}
	if _, err := l.w.WriteString(SafeLines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush hands everything written so far to the underlying writer.
func (l *Lines) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flush()
}

// flushWithin is too short to be seen, and long enough for thousands of lines.
const flushWithin = 5 * time.Millisecond

// FlushSoon flushes within 5 ms, in the background. It is for who cannot tell whether more will follow at once. An error shows at the
// next Flush.
func (l *Lines) FlushSoon() {
	if !l.soon.Load() && l.soon.CompareAndSwap(false, true) {
		time.AfterFunc(flushWithin, func() {
			l.soon.Store(false) // before the flush: what is written during it asks for another
			l.Flush()
		})
	}
}

func (l *Lines) flush() error {
	if err := l.w.Flush(); err != nil {
		return err
	}
	for _, step := range l.shown {
		l.outcomes.OK(step)
	}
	if len(l.shown) > 0 {
		l.outcomes.Flush()
		l.shown = l.shown[:0]
	}
	return nil
}

// Print writes the texts as one line and flushes.
func (l *Lines) Print(texts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range texts {
		if l.terminal {
			s = SafeLines(s)
		}
		l.w.WriteString(s)
	}
	l.w.WriteByte('\n')
	l.flush()
}
