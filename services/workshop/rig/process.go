package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"workshop.example/workshop/screen"
)

// Patience is how long an experiment waits for one thing to happen before it gives up. Most take
// milliseconds; the longest is a session's end, on a machine that thirty others keep busy.
const Patience = time.Minute

// Line is one line that a program printed.
type Line struct {
	At   time.Time
	Text string
}

// Process is one life of a program.
type Process struct {
	Name string

	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}

	Began   time.Time
	EndedAt time.Time // set when Ended is closed
	paused  atomic.Bool

	guard bool // of somebody else's program: it has to outlive us, to end that

	mu     sync.Mutex
	lines  []Line
	rest   []byte
	change chan struct{} // closed at every new line, and replaced
}

// start starts a program whose lines go to out, and are kept. It ends with this process, in its own way
// where it is a guard.
func start(out *screen.Output, name, colour, path string, args, env []string, guard bool) (*Process, error) {
	p := &Process{Name: name, guard: guard, Began: time.Now(), ended: make(chan struct{}), change: make(chan struct{})}
	stdout, stderr := out.Lines(name, colour)
	p.cmd = exec.Command(path, args...)
	p.cmd.Env = env
	p.cmd.Stdout, p.cmd.Stderr = io.MultiWriter(stdout, p), stderr
	p.cmd.WaitDelay = time.Second // a grandchild may hold the pipe
	if !guard {
		endWithParent(p.cmd)
	}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.cmd.Wait() // its error says nothing that the state does not
		stdout.Flush()
		stderr.Flush()
		p.EndedAt = time.Now()
		close(p.ended)
	}()
	return p, nil
}

// Write keeps the lines of the program's standard output.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, b...)
	for {
		i := bytes.IndexByte(p.rest, '\n')
		if i < 0 {
			return len(b), nil
		}
		p.lines = append(p.lines, Line{time.Now(), string(bytes.TrimSuffix(p.rest[:i], []byte{'\r'}))})
		p.rest = p.rest[i+1:]
		close(p.change)
		p.change = make(chan struct{})
	}
}

// Lines are those so far, of standard output.
func (p *Process) Lines() []Line {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Line(nil), p.lines...)
}

// Await waits until ok says so of the lines so far. It fails when the program ends before that, or
// when patience does.
func (p *Process) Await(ctx context.Context, what string, ok func([]Line) bool) error {
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		change := p.change
		p.mu.Unlock()
		if ok(p.Lines()) {
			return nil
		}
		select {
		case <-change:
		case <-p.ended:
			if ok(p.Lines()) {
				return nil
			}
			return &NotRun{fmt.Sprintf("%s ended with exit code %d before %s", p.Name, p.ExitCode(), what)}
		case <-deadline.C:
			return &NotRun{fmt.Sprintf("%s: no sign within %s of this: %s", p.Name, Patience, what)}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Wait waits for the end and returns the exit code; -1 stands for a signal.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.ExitCode(), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Ended is closed when the process has ended and all its output is kept.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// ExitCode is that of a process that has ended.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Kill is kill -9, and returns when the process is gone.
func (p *Process) Kill() {
	if p.guard { // its own death would leave behind what it guards; the end of its input kills both
		p.stdin.Close()
		select {
		case <-p.ended:
			return
		case <-time.After(StopGrace):
		}
	}
	p.cmd.Process.Kill()
	<-p.ended
}

// Pause keeps the process from running until Resume, as a long garbage collection does, or a laptop
// that is closed: it cannot know. Not on Windows.
func (p *Process) Pause() error {
	if err := p.signal(Pause); err != nil {
		return err
	}
	p.paused.Store(true)
	return nil
}

// Resume ends a pause.
func (p *Process) Resume() error {
	p.paused.Store(false)
	return p.signal(resume)
}

func (p *Process) signal(sig os.Signal) error {
	if sig == nil {
		return &NotRun{"this lab pauses a program, and needs signals for it (SIGSTOP), which this system does not have"}
	}
	if err := p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("%s to %s: %w", sig, p.Name, err)
	}
	return nil
}

// Stop asks the process to end, as a supervisor does, and kills it where it does not.
func (p *Process) Stop() {
	if p.paused.Load() { // it would hear nothing
		p.Kill()
	}
	p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(StopGrace):
		p.Kill()
	}
}

// StopGrace is short: what a stopped program may leave behind is of no consequence to a lab that is over.
const StopGrace = 4 * time.Second

// Count is how many lines have a text.
func Count(lines []Line, text string) int {
	n := 0
	for _, l := range lines {
		if strings.Contains(l.Text, text) {
			n++
		}
	}
	return n
}

// Said says whether that many lines have a text.
func Said(text string, times int) func([]Line) bool {
	return func(lines []Line) bool { return Count(lines, text) >= times }
}

// The exit codes of programs that do not end by themselves.
const (
	Killed  = -1  // by a signal: os.ProcessState.ExitCode
	Crashed = 137 // by a crash on cue: that of a process killed with -9
)
