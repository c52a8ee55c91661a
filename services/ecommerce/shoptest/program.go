package shoptest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"workshop.example/kit/process"
	"workshop.example/kit/wait"
)

// Program is a service as a process of its own, that can be killed and started again.
type Program struct {
	Name string
	*process.KeptAlive[*process.Process]

	path   string
	env    []string
	output process.Lines // of both outputs, of all lives; the last of them
	url    atomic.Value  // a string
}

// NewProgram is the binary of that name in dir, with NAME=value added to our environment.
func NewProgram(dir, name string, env ...string) *Program {
	path := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	p := &Program{Name: name, path: path, env: env}
	p.output.Most = 200
	p.output.Each = func(line string) {
		if strings.HasPrefix(line, "http://") {
			p.url.Store(strings.TrimSuffix(line, "/"))
		}
	}
	return p
}

// Start starts it, and again each time it ends, until Release is called. It ends with us: its standard input is a pipe of ours.
func (p *Program) Start() (err error) {
	p.KeptAlive, err = process.KeepAlive(context.Background(), p.begin, func(*process.Process, int) error {
		time.Sleep(20 * time.Millisecond) // one that ends at once must not take the whole machine
		return nil
	})
	return err
}

// begin begins a life.
func (p *Program) begin() (*process.Process, error) {
	p.url.Store("")
	life, err := process.Start(process.Command{
		Name: p.Name, Path: p.path, Args: []string{"--stop-on-eof"}, Env: append(os.Environ(), p.env...),
		Stdout: &p.output, Stderr: &p.output,
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w (build the programs with «make build»)", p.Name, err)
	}
	return life, nil
}

// URL is the address that this life of the program has printed, empty until it has.
func (p *Program) URL() string { return p.url.Load().(string) }

// Output is what it printed last, over all its lives.
func (p *Program) Output() string {
	var text []string
	for _, line := range p.output.All() {
		text = append(text, line.Text)
	}
	return strings.Join(text, "\n")
}

// Kill is kill -9. It returns when the process is gone.
func (p *Program) Kill() error {
	life := p.Last()
	err := life.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = fmt.Errorf("%s was not running (%s): %w", p.Name, life.State(), err)
	}
	return err
}

// ErrNotInTime is a program that was stopped, and had to be killed.
var ErrNotInTime = errors.New("did not end in time")

// Stop is what SIGTERM does. It fails when the process does not end in time or not well.
func (p *Program) Stop() error {
	life := p.Last()
	if !life.Stop(wait.Grace + 4*time.Second) {
		return fmt.Errorf("%s %w", p.Name, ErrNotInTime)
	}
	if !life.State().Success() {
		return fmt.Errorf("%s: %s", p.Name, life.State())
	}
	return nil
}

// Pid is the process of the latest life.
func (p *Program) Pid() int { return p.Last().Pid() }

// Running reports whether the process lives.
func (p *Program) Running() bool { return p.Last().Running() }
