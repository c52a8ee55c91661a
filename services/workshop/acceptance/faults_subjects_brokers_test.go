//go:build brokers

package acceptance

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/wait"
)

// subject is a program that is started again whenever it ends, as Docker does it. What it prints is kept in files:
// a screen for each of its lives, and one log.
type subject struct {
	t    testing.TB
	name string
	path string
	dir  string
	vars func(life int) []string

	mu       sync.Mutex
	cmd      *exec.Cmd
	ended    chan struct{} // of this life
	screens  []string
	stopping bool
	struck   bool     // this life is to be ended by us
	gaveUp   []string // how lives ended that nobody had struck
	problem  error
	over     chan struct{} // closed when it is not started again any more
}

// subjectNamed starts a program; vars are its variables in a life, counted from 1.
func subjectNamed(t testing.TB, dir, name, program string, vars func(life int) []string) *subject {
	t.Helper()
	s := &subject{t: t, name: name, path: filepath.Join(os.Getenv("WORKSHOP_BIN"), program), dir: dir, vars: vars, over: make(chan struct{})}
	s.mu.Lock()
	err := s.start()
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	go s.keep()
	t.Cleanup(func() { s.stop() })
	return s
}

// start begins a life.
func (s *subject) start() error {
	life := len(s.screens) + 1
	screen := s.screen(life)
	out, err := os.Create(filepath.Join(s.dir, screen))
	if err != nil {
		return err
	}
	defer out.Close()
	log, err := os.OpenFile(filepath.Join(s.dir, s.name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	fmt.Fprintf(log, "--- life %d, %s\n", life, time.Now().Format(time.TimeOnly))
	cmd := exec.Command(s.path, "--stop-on-eof")
	cmd.Env = append(os.Environ(), s.vars(life)...)
	cmd.Stdout, cmd.Stderr = out, log
	if _, err := cmd.StdinPipe(); err != nil { // it ends with the test, however that ends
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	s.cmd, s.ended, s.struck = cmd, ended, false
	s.screens = append(s.screens, screen)
	return nil
}

// screen is the file of what a life prints.
func (s *subject) screen(life int) string { return fmt.Sprintf("%s.%d.out", s.name, life) }

// running reports whether a life is under way.
func (s *subject) running() bool {
	_, ended := s.life()
	select {
	case <-ended:
		return false
	default:
		return true
	}
}

// restartPause is what lies between two lives.
const restartPause = 200 * time.Millisecond

// keep begins a life after the other.
func (s *subject) keep() {
	defer close(s.over)
	for {
		s.mu.Lock()
		ended := s.ended
		s.mu.Unlock()
		<-ended
		time.Sleep(restartPause)
		s.mu.Lock()
		if !s.struck {
			s.gaveUp = append(s.gaveUp, s.cmd.ProcessState.String())
		}
		if s.stopping {
			s.mu.Unlock()
			return
		}
		err := s.start()
		s.problem = err
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// life is the process of now.
func (s *subject) life() (pid int, ended chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cmd.Process.Pid, s.ended
}

// signal sends one to the life of now, which is expected to end by it where ends says so.
func (s *subject) signal(sig syscall.Signal, ends bool) (pid int, ended chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.struck = s.struck || ends
	return s.cmd.Process.Pid, s.ended, s.cmd.Process.Signal(sig)
}

func (s *subject) victim() string { return s.name }

func (s *subject) kill() error {
	_, ended, err := s.signal(syscall.SIGKILL, true)
	if err == nil {
		<-ended
	}
	return err
}

// terminate is SIGTERM. Docker would kill what has not ended after ten seconds, and so it gives up before; but here it
// may wait longer for the processor.
func (s *subject) terminate() error {
	_, ended, err := s.signal(syscall.SIGTERM, true)
	if err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(wait.Grace + 20*time.Second):
		s.kill()
		return errors.New(s.name + " did not end in time after SIGTERM")
	}
}

func (s *subject) pause(d time.Duration) error {
	pid, _, err := s.signal(syscall.SIGSTOP, false)
	if err != nil {
		return err
	}
	return pauseOf(d, pid)
}

// stop ends it for good, as SIGTERM does, and returns the exit code.
func (s *subject) stop() (int, error) {
	s.mu.Lock()
	again := s.stopping
	s.stopping = true
	s.mu.Unlock()
	if again {
		return 0, nil
	}
	err := s.terminate()
	<-s.over
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	return s.cmd.ProcessState.ExitCode(), errors.Join(err, s.problem)
}

// pauseOf waits until processes are paused, and resumes them after that long. An error is that one was not.
func pauseOf(d time.Duration, pids ...int) error {
	began := time.Now()
	defer func() {
		for _, pid := range pids {
			syscall.Kill(pid, syscall.SIGCONT)
		}
	}()
	for _, pid := range pids {
		for processState(pid) != 'T' {
			if time.Since(began) > 2*time.Second {
				return fmt.Errorf("process %d is not paused: %q", pid, processState(pid))
			}
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(d - time.Since(began)) // not to wait for a state: the pause is the fault
	for _, pid := range pids {
		if state := processState(pid); state != 'T' {
			return fmt.Errorf("process %d did not stay paused: %q", pid, state)
		}
	}
	return nil
}
