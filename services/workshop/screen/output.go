// Package screen prints the lines of several processes on one terminal.
package screen

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
)

// Output interleaves the lines of several processes, each behind the name of its process, as
// «docker compose up» does. Lines are written whole: those of two processes never mix.
type Output struct {
	stdout, stderr stream
	width          int  // of the names
	hidden         bool // what processes print
	lang           service.Lang

	mu     sync.Mutex
	last   time.Time // of a write
	once   sync.Once
	broken chan struct{}

	writing atomic.Int64 // when the write under way began, in Unix nanoseconds; 0: none is
}

type stream struct {
	w        io.Writer
	colour   bool
	terminal bool       // what a process prints is made harmless for it
	columns  func() int // the width of the terminal, which may change; 0 where there is none
}

// New writes to stdout and stderr, with colours on those that are terminals unless the user's
// environment says NO_COLOR (https://no-color.org) or TERM=dumb. Names are padded to the longest.
func New(stdout, stderr io.Writer, lookup func(string) (string, bool), names ...string) *Output {
	o := &Output{
		stdout: newStream(stdout, lookup),
		stderr: newStream(stderr, lookup),
		width:  len(tool),
		broken: make(chan struct{}),
		lang:   service.Portuguese,
	}
	if lang, _ := lookup("WORKSHOP_LANG"); lang == string(service.English) {
		o.lang = service.English
	}
	for _, name := range names {
		o.width = max(o.width, len(name))
	}
	return o
}

func newStream(w io.Writer, lookup func(string) (string, bool)) stream {
	return stream{w, Colour(w, lookup), service.IsTerminal(w), func() int { return fold.Columns(w, lookup) }}
}

// Colour reports whether what is written to w may be in colour: see [New].
func Colour(w io.Writer, lookup func(string) (string, bool)) bool {
	noColour, _ := lookup("NO_COLOR")
	kind, _ := lookup("TERM")
	f, ok := w.(*os.File)
	return noColour == "" && kind != "dumb" && ok && term.IsTerminal(int(f.Fd())) && understandsColour(f)
}

// tool is the prefix of the tool's own lines.
const tool = "workshop"

// Say prints a line of the tool itself, on standard error, in the language of WORKSHOP_LANG.
func (o *Output) Say(text service.Text) {
	l := &Lines{o: o, w: o.stderr.w, prefix: o.prefix(o.stderr, tool, "1"), columns: o.stderr.columns}
	io.WriteString(l, text.In(o.lang)+"\n")
}

// Tell prints a line of the tool itself among those of the programs, on standard output.
func (o *Output) Tell(line string) { o.tell(line, "") }

// Event is Tell for what has happened, such as a kill or a restart, which is to stand out: in yellow, where there are colours.
func (o *Output) Event(line string) { o.tell(line, "33") }

func (o *Output) tell(line, colour string) {
	l := &Lines{o: o, w: o.stdout.w, prefix: o.prefix(o.stdout, tool, "1"), columns: o.stdout.columns}
	if o.stdout.colour {
		l.colour = colour
	}
	io.WriteString(l, line+"\n")
}

// Quiet is how long nothing has been printed.
func (o *Output) Quiet() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Since(o.last)
}

// Stalled is how long the write under way has waited for a reader; 0 where there is none.
func (o *Output) Stalled() time.Duration {
	began := o.writing.Load()
	if began == 0 {
		return 0
	}
	return time.Since(time.Unix(0, began))
}

// Broken is closed when nobody reads our output any more.
func (o *Output) Broken() <-chan struct{} { return o.broken }

// WithReader returns a context that ends with ctx, or when nobody reads our output any more: «workshop up | head».
func (o *Output) WithReader(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-o.Broken():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// HideProcesses leaves out what processes print from now on. The tool's own lines are shown.
func (o *Output) HideProcesses() { o.hidden = true }

// Lines returns the writers for a process's standard output and error. They go to ours of the same
// kind, so that «workshop up 2>/dev/null» shows what the programs print and nothing else. What they
// print is folded to the terminal; their logs, which are to be searched and copied, are not.
func (o *Output) Lines(name, colour string) (stdout, stderr *Lines) {
	if o.hidden {
		return &Lines{o: o, w: io.Discard}, &Lines{o: o, w: io.Discard}
	}
	return &Lines{o: o, w: o.stdout.w, prefix: o.prefix(o.stdout, name, colour), terminal: o.stdout.terminal, columns: o.stdout.columns},
		&Lines{o: o, w: o.stderr.w, prefix: o.prefix(o.stderr, name, colour), terminal: o.stderr.terminal}
}

func (o *Output) prefix(s stream, name, colour string) []byte {
	if !s.colour {
		return fmt.Appendf(nil, "%-*s | ", o.width, name)
	}
	return fmt.Appendf(nil, "\x1b[%sm%-*s |\x1b[0m ", colour, o.width, name)
}

func (o *Output) write(w io.Writer, p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = time.Now()
	o.writing.Store(o.last.UnixNano())
	defer o.writing.Store(0)
	if _, err := w.Write(p); err != nil {
		o.once.Do(func() { close(o.broken) })
	}
}

// maxLine is where a line is cut, so that a process that never ends its line cannot fill memory.
const maxLine = 64 << 20

// Lines is one stream of one process. It is not safe for concurrent use, which one stream never is.
type Lines struct {
	o      *Output
	w      io.Writer
	prefix []byte
	colour string // of the lines, beside their prefix's; none where it is empty
	rest   []byte // of a line whose end has not come yet
	out    []byte // reused from one write to the next

	terminal bool       // where lines are made harmless: see [service.Safe]
	columns  func() int // of the terminal to which lines are folded; nil: they are not
}

// Write prints the whole lines in p at once and keeps the rest. It reports no error: a process must
// not die of ours, see [Output.Broken].
func (l *Lines) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if end == 0 {
		l.rest = append(l.rest, p...)
		if len(l.rest) >= maxLine {
			l.Flush()
		}
		return len(p), nil
	}
	l.out = l.out[:0]
	columns := 0
	if l.columns != nil {
		columns = l.columns()
	}
	for line := range bytes.Lines(p[:end]) {
		line = append(l.rest, line...)
		if l.terminal {
			line = []byte(service.SafeLines(string(line)))
		}
		if columns > 0 {
			l.fold(string(line[:len(line)-1]), columns-l.o.width-len(" | "))
		} else {
			l.add(string(line[:len(line)-1]))
		}
		l.rest = l.rest[:0]
	}
	l.o.write(l.w, l.out)
	l.rest = append(l.rest, p[end:]...)
	return len(p), nil
}

// fold adds a line, each part of it behind the name of the process. A line with a word that no line can
// hold, such as JSON, is data, and stays whole.
func (l *Lines) fold(line string, width int) {
	parts := fold.Line(line, max(width, 20), 2)
	if slices.ContainsFunc(parts, func(part string) bool { return fold.Cells(part) > max(width, 20) }) {
		parts = []string{line}
	}
	for _, part := range parts {
		l.add(part)
	}
}

// add adds a line of the screen.
func (l *Lines) add(line string) {
	l.out = append(l.out, l.prefix...)
	if l.colour != "" {
		line = "\x1b[" + l.colour + "m" + line + "\x1b[0m"
	}
	l.out = append(append(l.out, line...), '\n')
}

// Flush prints a last line that has no end.
func (l *Lines) Flush() {
	if len(l.rest) > 0 {
		l.Write([]byte{'\n'})
	}
}
