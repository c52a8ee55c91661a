//go:build labs || docker || brokers

package acceptance

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// terminal is the other window of a page: what it has started there runs until the page's end, and prints
// meanwhile.
type terminal struct {
	started int // programs

	mu    sync.Mutex
	lines [2][]string // standard output, and standard error
}

// mark is how much a terminal has shown.
type mark [2]int

// mine reports whether a step is to run in a network of its page's own, in which every port is free: with
// one in the background, and without brokers or containers, which are outside.
func (s step) mine() bool { return s.has("background") && !s.has("docker") && !s.has("brokers") }

// ownNetwork is the command that runs another in a network where only this page's programs are.
func ownNetwork(t *testing.T) []string {
	t.Helper()
	enter := enterNetwork(hold(t, newNetwork()))
	up := append(slices.Clone(enter), "ip", "link", "set", "lo", "up")
	if out, err := exec.Command(up[0], up[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: it takes util-linux and iproute2\n%s", strings.Join(up, " "), err, out)
	}
	return enter
}

// start starts a command. At the end of the page it gets a Ctrl-C, and has to end well.
func (s *terminal) start(t *testing.T, cmd *exec.Cmd, exit string) {
	t.Helper()
	s.started++
	first := s.started == 1
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var copying sync.WaitGroup
	copying.Go(func() { s.keep(out, &s.lines[0]) })
	copying.Go(func() { s.keep(logs, &s.lines[1]) })
	ended := make(chan error, 1)
	go func() { copying.Wait(); ended <- cmd.Wait() }()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		select {
		case err = <-ended:
		case <-time.After(kafkatest.Deadline):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
			err = errors.New("still there after Ctrl-C")
		}
		if exitCode(cmd) != exit {
			t.Errorf("in the background: %v, and the page says exit code %s", err, exit)
		}
		if first && t.Failed() { // stopped last: now it has all
			t.Logf("in the background:\n%s", s.since(mark{}))
		}
	})
}

func (s *terminal) keep(r io.Reader, to *[]string) {
	for in := bufio.NewScanner(r); in.Scan(); {
		s.mu.Lock()
		*to = append(*to, in.Text())
		s.mu.Unlock()
	}
}

func (s *terminal) now() mark {
	s.mu.Lock()
	defer s.mu.Unlock()
	return mark{len(s.lines[0]), len(s.lines[1])}
}

func (s *terminal) since(m mark) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines[0][m[0]:], "\n") + "\non standard error:\n" + strings.Join(s.lines[1][m[1]:], "\n")
}

// await waits until the lines that a page shows are there, all on standard output or all on standard error.
func (s *terminal) await(t *testing.T, p page, m mark, want []string) {
	t.Helper()
	for end := time.Now().Add(kafkatest.Deadline); !s.shows(p, m, want); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("the programs in the background have not printed\n%s\nbut\n%s", strings.Join(want, "\n"), s.since(m))
			return
		}
	}
}

func (s *terminal) shows(p page, m mark, want []string) (ok bool) {
	want = append(slices.Clone(want), "...") // there may always be more
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, lines := range s.lines {
		_, found := p.check(only(slices.Clone(lines[m[i]:]), want), want)
		ok = ok || found
	}
	return ok
}

// only leaves out the lines of programs that a page does not quote here: several print at once, and
// between the lines of one may be those of another.
func only(lines, want []string) []string {
	var programs []string
	for _, line := range want {
		if name, _, ok := strings.Cut(line, "| "); ok {
			programs = append(programs, strings.TrimSpace(name))
		}
	}
	if programs == nil {
		return lines
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		name, _, _ := strings.Cut(line, "| ")
		return !slices.Contains(programs, strings.TrimSpace(name))
	})
}
