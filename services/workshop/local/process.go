package local

import (
	"context"
	"os"
	"runtime"
	"syscall"
	"time"

	"workshop.example/kit/process"
	"workshop.example/kit/service"
)

// Service is a program for a [Supervisor] to run.
type Service struct {
	Name   string
	Path   string
	Args   []string
	Env    []string
	Colour string // of its name on a terminal, an SGR number
}

// outputGrace is how long a write to the screen may take until its reader counts as stalled.
const outputGrace = 400 * time.Millisecond

// lastLines bounds how long a service's output is read after its end: a process that it started may hold the pipe open,
// and a busy machine takes a while to read what is left.
const lastLines = 5 * time.Second

// signalLead is how long a stop waits before it closes the services' input. Ctrl-C on a terminal reaches the services as
// well. One whose input ended first could take its own signal for a second one, which ends it at once, without its last
// line.
const signalLead = 100 * time.Millisecond

// runOnce runs the service until it ends and returns how it ended. The error is non-nil if the service could not be
// started.
func (s *Supervisor) runOnce(stop, kill context.Context, svc Service) (ending, error) {
	stdout, stderr := s.Output.Lines(svc.Name, svc.Colour)
	p, err := process.Start(process.Command{
		Name: svc.Name, Path: svc.Path, Args: svc.Args, Env: svc.Env, Stdout: stdout, Stderr: stderr, WaitDelay: lastLines,
	})
	if err != nil {
		return ending{}, err
	}
	s.setRunning(svc.Name, true)
	defer s.setRunning(svc.Name, false)
	defer context.AfterFunc(stop, func() { time.Sleep(signalLead); p.CloseInput() })()
	defer context.AfterFunc(kill, func() { p.Kill() })()

	<-p.Ended()
	return endingOf(p.State()), nil
}

// ending is how a process ended.
type ending struct {
	code     int            // -1 for a signal
	signal   syscall.Signal // where signaled
	signaled bool
}

func endingOf(state *os.ProcessState) ending {
	e := ending{code: state.ExitCode()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.signal, e.signaled = status.Signal(), true
	}
	return e
}

func (e ending) text() service.Text {
	if e.signaled {
		return service.Textf("foi terminado por um sinal (%s)", "was ended by a signal (%s)", e.signal)
	}
	return service.Textf("terminou com o código %d", "exited with code %d", e.code)
}

// stopped reports whether a service that was asked to stop ends like this. It includes a Ctrl-C from the terminal that
// reached the service before it handled signals.
func (e ending) stopped() bool {
	const controlC = 0xC000013A // Windows' STATUS_CONTROL_C_EXIT
	return e.code == service.ExitOK ||
		e.signaled && (e.signal == syscall.SIGINT || e.signal == syscall.SIGTERM) ||
		runtime.GOOS == "windows" && uint32(e.code) == controlC
}
