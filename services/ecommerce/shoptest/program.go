package shoptest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"workshop.example/kit/service"
)

// Program is a service as a process of its own, that can be killed and started again.
type Program struct {
	Name string
	path string
	env  []string

	mu    sync.Mutex
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{}
	lines []string // of both outputs, of all lives; the last of them
	found map[string]string
	Lives int
}

// NewProgram is the binary of that name in dir, with NAME=value added to our environment.
func NewProgram(dir, name string, env ...string) *Program {
	path := filepath.Join(dir, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	return &Program{Name: name, path: path, env: env}
}

// Start starts it. It ends with us: its standard input is a pipe of ours.
func (p *Program) Start() error {
	cmd := exec.Command(p.path, "--stop-on-eof")
	cmd.Env = append(os.Environ(), p.env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	in.Close()
	if err != nil {
		out.Close()
		return fmt.Errorf("start %s: %w (build the programs with «make build»)", p.Name, err)
	}
	ended := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.stdin, p.ended, p.found = cmd, stdin, ended, map[string]string{}
	p.Lives++
	p.mu.Unlock()
	go func() {
		p.read(out)
		out.Close()
		cmd.Wait()
		close(ended)
	}()
	return nil
}

// keep is how many lines are kept, to show why something went wrong.
const keep = 200

func (p *Program) read(out io.Reader) {
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			p.mu.Lock()
			p.lines = append(p.lines, string(line))
			if len(p.lines) > 2*keep {
				p.lines = append([]string(nil), p.lines[keep:]...)
			}
			if strings.HasPrefix(string(line), "http://") {
				p.found["url"] = strings.TrimSuffix(string(line), "/")
			}
			p.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// URL is the address that this life of the program has printed, empty until it has.
func (p *Program) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found["url"]
}

// Output is what it printed last, over all its lives.
func (p *Program) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// Kill is kill -9. It returns when the process is gone.
func (p *Program) Kill() error {
	p.mu.Lock()
	cmd, ended, stdin := p.cmd, p.ended, p.stdin
	p.mu.Unlock()
	err := cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		<-ended
		err = fmt.Errorf("%s was not running (%s): %w", p.Name, cmd.ProcessState, err)
	}
	<-ended
	stdin.Close()
	return err
}

// ErrNotInTime is a program that was stopped, and had to be killed.
var ErrNotInTime = errors.New("did not end in time")

// Stop is what SIGTERM does. It fails when the process does not end in time or not well.
func (p *Program) Stop() error {
	p.mu.Lock()
	cmd, ended, stdin := p.cmd, p.ended, p.stdin
	p.mu.Unlock()
	if cmd == nil {
		return nil
	}
	stdin.Close()
	select {
	case <-ended:
	case <-time.After(service.Grace + 4*time.Second):
		cmd.Process.Kill()
		<-ended
		return fmt.Errorf("%s %w", p.Name, ErrNotInTime)
	}
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("%s: %s", p.Name, cmd.ProcessState)
	}
	return nil
}

// Pid is the process of the latest life; 0 before the first.
func (p *Program) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Running reports whether the process lives.
func (p *Program) Running() bool {
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended == nil {
		return false
	}
	select {
	case <-ended:
		return false
	default:
		return true
	}
}
