//go:build labs || brokers

package acceptance

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// program is a process whose output is kept line by line.
type program struct {
	*exec.Cmd
	t     testing.TB
	name  string
	mu    sync.Mutex
	lines []string // standard output
	logs  []string // standard error
	ended chan struct{}
}

// start starts a program; its environment is the test's and vars, as NAME=value.
func start(t testing.TB, vars []string, path string, args ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.Command(path, args...), t: t, name: filepath.Base(path), ended: make(chan struct{})}
	p.Env = append(append(os.Environ(), "COLUMNS=1000"), vars...) // sentences stay on their lines
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	logs, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	var copying sync.WaitGroup
	copying.Go(func() { p.keep(out, &p.lines) })
	copying.Go(func() { p.keep(logs, &p.logs) })
	go func() { copying.Wait(); p.Cmd.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		p.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s, last lines:\n%s\nlogs:\n%s", p.name, tail(p.Lines()), tail(p.Logs()))
		}
	})
	return p
}

// service starts one of the workshop's own programs, from the folder that WORKSHOP_BIN names.
func service(t testing.TB, name string, vars ...string) *program {
	t.Helper()
	return start(t, vars, filepath.Join(os.Getenv("WORKSHOP_BIN"), name))
}

func (p *program) keep(r io.Reader, lines *[]string) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			p.mu.Lock()
			*lines = append(*lines, strings.TrimSuffix(line, "\n"))
			p.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

func (p *program) Lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}
func (p *program) Logs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.logs...)
}

func (p *program) count() int { p.mu.Lock(); defer p.mu.Unlock(); return len(p.lines) }

// waitFor waits until a line of the output contains text.
func (p *program) waitFor(text string) {
	p.t.Helper()
	kafkatest.Eventually(p.t, p.name+" prints "+text, func() bool { return contains(p.Lines(), text) })
}

// exit waits for the end and returns the exit code.
func (p *program) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.ProcessState.ExitCode()
	case <-time.After(within):
		p.t.Fatalf("%s has not ended after %s", p.name, within)
		return -1
	}
}

// terminate sends SIGTERM, and wants a good end within the ten seconds that Docker gives.
func (p *program) terminate() {
	p.t.Helper()
	p.Process.Signal(syscall.SIGTERM)
	if code := p.exit(10 * time.Second); code != 0 {
		p.t.Errorf("%s: exit code %d after SIGTERM", p.name, code)
	}
}

// crash is kill -9.
func (p *program) crash() {
	p.Process.Kill()
	<-p.ended
}

func contains(lines []string, text string) bool {
	for _, line := range lines {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}
