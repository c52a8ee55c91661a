package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"workshop.example/kit/process"
	"workshop.example/workshop/screen"
)

// Patience is how long an experiment waits for one thing to happen before it gives up. Most take
// milliseconds; the longest is a session's end, on a machine that thirty others keep busy.
const Patience = time.Minute

// Pause is the signal that pauses a program, nil where there is none.
var Pause = process.PauseSignal

// Line is one line that a program printed.
type Line = process.Line

// Process is one life of a program in an experiment.
type Process struct {
	*process.Process
	guard bool // of somebody else's program: it has to outlive us, to end that
}

// start starts a program whose lines go to out, and are kept. It ends with this process, in its own way
// where it is a guard.
func start(out *screen.Output, name, colour, path string, args, env []string, guard bool) (*Process, error) {
	stdout, stderr := out.Lines(name, colour)
	p, err := process.Start(process.Command{
		Name: name, Path: path, Args: args, Env: env, Stdout: stdout, Stderr: stderr,
		KeepLines: true, KeepErrors: guard, EndWithParent: !guard, WaitDelay: time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return &Process{p, guard}, nil
}

// Await waits until ok says so of the lines so far. It fails when the program ends before that, or
// when patience does.
func (p *Process) Await(ctx context.Context, what string, ok func([]Line) bool) error {
	patient, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	switch err := p.Process.Await(patient, ok); {
	case errors.Is(err, process.ErrEnded):
		return &NotRun{Cause: fmt.Sprintf("%s ended with exit code %d before %s", p.Name, p.ExitCode(), what)}
	case err != nil && ctx.Err() == nil:
		return &NotRun{Cause: fmt.Sprintf("%s: no sign within %s of this: %s", p.Name, Patience, what)}
	default:
		return err
	}
}

// Kill is kill -9, and returns when the process is gone. A guard's own death would leave behind what it guards;
// the end of its input kills both.
func (p *Process) Kill() {
	if p.guard {
		p.Stop()
	} else {
		p.Process.Kill()
	}
}

// Pause is [process.Process.Pause], and a *NotRun where the system cannot.
func (p *Process) Pause() error { return needsSignals(p.Process.Pause()) }

// Resume ends a pause.
func (p *Process) Resume() error { return needsSignals(p.Process.Resume()) }

func needsSignals(err error) error {
	if errors.Is(err, errors.ErrUnsupported) {
		return &NotRun{Cause: "this lab pauses a program, and needs signals for it (SIGSTOP), which this system does not have"}
	}
	return err
}

// Stop asks the process to end, as a supervisor does, and kills it where it does not.
func (p *Process) Stop() { p.Process.Stop(StopGrace) }

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
