// Package process starts programs, keeps what they print, and ends, pauses and restarts them.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// Command describes a program to start.
type Command struct {
	Name string // for errors
	Path string
	Args []string
	Env  []string

	// Stdout and Stderr receive the output; nil discards it. A writer with a Flush method is flushed after the program has
	// ended. If both are the same writer, no two of its methods run at once.
	Stdout, Stderr io.Writer

	KeepLines     bool // of standard output, for [Process.Lines] and [Process.Await]
	KeepErrors    bool // the lines of standard error, for [Process.Errors]
	EndWithParent bool // kill the program when this process dies, even while it is paused; Linux only

	// WaitDelay bounds how long the output is read after the program's end: a process that it started may hold the pipe
	// open. 0 means no bound.
	WaitDelay time.Duration
}

// Process is one life of a program, from its start to its end. Its methods are safe for concurrent use.
type Process struct {
	Name    string
	Began   time.Time
	EndedAt time.Time // set when Ended is closed

	cmd    *exec.Cmd
	stdin  io.Closer
	lines  Lines
	errors Lines
	ended  chan struct{}
	paused atomic.Bool
}

// ErrEnded reports that a program ended before what was awaited of it.
var ErrEnded = errors.New("the program has ended")

// Start starts a program. Its standard input is a pipe that ends at the latest with this process.
func Start(c Command) (*Process, error) {
	p := &Process{Name: c.Name, Began: time.Now(), cmd: command(c.Path, c.Args), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr, p.cmd.WaitDelay = c.Env, c.Stdout, c.Stderr, c.WaitDelay
	switch {
	case c.KeepLines && c.Stdout == nil:
		p.cmd.Stdout = &p.lines
	case c.KeepLines:
		p.cmd.Stdout = io.MultiWriter(c.Stdout, &p.lines)
	}
	switch {
	case c.KeepErrors && c.Stderr == nil:
		p.cmd.Stderr = &p.errors
	case c.KeepErrors:
		p.cmd.Stderr = io.MultiWriter(c.Stderr, &p.errors)
	}
	if c.EndWithParent {
		endWithParent(p.cmd)
	}
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait() // its error says nothing that the state does not
		flush(c.Stdout)
		flush(c.Stderr)
		p.EndedAt = time.Now()
		close(p.ended)
	}()
	return p, nil
}

func flush(w io.Writer) {
	if f, ok := w.(interface{ Flush() }); ok {
		f.Flush()
	}
}

// Pid returns the process's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Lines returns the lines of standard output so far; none without [Command.KeepLines].
func (p *Process) Lines() []Line { return p.lines.All() }

// Errors returns the lines of standard error so far; none without [Command.KeepErrors].
func (p *Process) Errors() []Line { return p.errors.All() }

// Await waits until ok accepts the lines so far. It returns [ErrEnded] if the program ends first.
func (p *Process) Await(ctx context.Context, ok func([]Line) bool) error {
	for {
		lines, changed := p.lines.snapshot()
		if ok(lines) {
			return nil
		}
		select {
		case <-changed:
		case <-p.ended:
			if ok(p.Lines()) {
				return nil
			}
			return ErrEnded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Ended is closed when the process has ended and all its output has been written.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Running reports whether the process has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// State returns how the process ended. It must have ended.
func (p *Process) State() *os.ProcessState { return p.cmd.ProcessState }

// ExitCode returns the exit code of a process that has ended; -1 if a signal ended it.
func (p *Process) ExitCode() int { return p.cmd.ProcessState.ExitCode() }

// Wait waits for the end and returns the exit code.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.ended:
		return p.ExitCode(), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// CloseInput closes the program's standard input. That asks a program started with --stop-on-eof to stop, and works alike
// on every system.
func (p *Process) CloseInput() { p.stdin.Close() }

// Stop closes the program's standard input and kills the program if it has not ended within grace. A paused program,
// which would not notice, is killed at once. Stop returns when the process has ended, and reports whether it ended without
// being killed.
func (p *Process) Stop(grace time.Duration) bool {
	if !p.paused.Load() {
		p.CloseInput()
		select {
		case <-p.ended:
			return true
		case <-time.After(grace):
		}
	}
	p.Kill()
	return false
}

// Kill kills the process as kill -9 does and returns when it has ended. The error is [os.ErrProcessDone] if it had ended
// before.
func (p *Process) Kill() error {
	err := p.cmd.Process.Kill()
	<-p.ended
	return err
}

// Pause keeps the process from running until Resume, as a long garbage collection or a closed laptop does: the process
// cannot know. The error is [errors.ErrUnsupported] on Windows.
func (p *Process) Pause() error {
	if err := p.signal(PauseSignal); err != nil {
		return err
	}
	p.paused.Store(true)
	return nil
}

// Resume ends a pause.
func (p *Process) Resume() error {
	p.paused.Store(false)
	return p.signal(ResumeSignal)
}

func (p *Process) signal(sig os.Signal) error {
	if sig == nil {
		return errors.ErrUnsupported
	}
	if err := p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("%s to %s: %w", sig, p.Name, err)
	}
	return nil
}
