package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/screen"
)

// Supervisor runs services, restarts those that fail, and stops all of them together.
type Supervisor struct {
	Output   *screen.Output
	Services []Service

	Grace        time.Duration // from stop until what is left is killed
	RestartFirst time.Duration // before the first restart; doubles with every quick failure
	RestartMost  time.Duration // at most before a restart
	Quick        time.Duration // a failure after a longer run is not quick

	mu      sync.Mutex
	running []string
}

// Run starts the services and returns when all have ended for good, by themselves or after stop. Closing a service's
// standard input asks it to stop: that works alike on every system, and happens also when this process is killed. What
// still runs after Grace, or when kill ends, is killed.
//
// When Run returns, all output of the services has been copied, unless its reader has stalled. The error names the
// services that did not end with 0.
func (s *Supervisor) Run(stop, kill context.Context) error {
	// A service that cannot be started at all stops the others.
	stop, abandon := context.WithCancel(stop)
	defer abandon()
	kill, killRest := context.WithCancel(kill)
	defer killRest()

	errs := make([]error, len(s.Services))
	var wg sync.WaitGroup
	for i, svc := range s.Services {
		wg.Go(func() { errs[i] = s.runUntilDone(stop, kill, svc, abandon) })
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()

	select {
	case <-ended:
		return joinCauses(errs)
	case <-stop.Done():
	}
	grace := time.NewTimer(s.Grace)
	defer grace.Stop()
	s.printUnlessStalled(stopping)
	select {
	case <-ended:
		return joinCauses(errs)
	case <-kill.Done():
		s.printUnlessStalled(service.Textf("terminados à força: %s", "killed: %s", s.stillRunning()))
	case <-grace.C:
		left := s.stillRunning()
		killRest()
		s.printUnlessStalled(service.Textf("ainda no ar depois de %s, terminados à força: %s",
			"still running after %s, killed: %s", s.Grace, left))
	}
	// What was killed ends soon, unless a write to the output never returns.
	check := time.NewTicker(outputGrace / 4)
	defer check.Stop()
	for {
		select {
		case <-ended:
			return joinCauses(errs)
		case <-check.C:
			if s.Output.Stalled() > outputGrace {
				return errors.New("nobody reads the output, and some of it is lost")
			}
		}
	}
}

// printUnlessStalled prints a line, but does not wait for a stalled reader, which must not delay the stop.
func (s *Supervisor) printUnlessStalled(text service.Text) {
	done := make(chan struct{})
	go func() { s.Output.Say(text); close(done) }()
	select {
	case <-done:
	case <-time.After(outputGrace):
	}
}

// joinCauses returns one error for all services that did not end with 0, nil if there are none.
func joinCauses(errs []error) error {
	var causes []string
	for _, err := range errs {
		if err != nil {
			causes = append(causes, err.Error())
		}
	}
	if len(causes) == 0 {
		return nil
	}
	return errors.New(strings.Join(causes, "; "))
}

// runUntilDone runs one service, and again after each failure, until it has ended for good.
func (s *Supervisor) runUntilDone(stop, kill context.Context, svc Service, abandon func()) error {
	delay := s.RestartFirst
	for first := true; ; first = false {
		began := time.Now()
		end, err := s.runOnce(stop, kill, svc)
		if err != nil && first {
			abandon()
			return fmt.Errorf("start %s: %w", svc.Name, err)
		}
		what := service.Textf("%s %s", "%s %s", svc.Name, end.text())
		// Ctrl-C may have ended the service before it reached this process: then this is a stop like any other.
		stopping := wait.Sleep(stop, signalLead) != nil
		switch {
		case err != nil: // its binary may be missing for a moment, while it is rebuilt
			what = service.Textf("%s não pôde ser iniciado: %v", "%s could not be started: %v", svc.Name, err)
		case stopping && end.stopped():
			return nil
		case end.code == service.ExitOK:
			s.Output.Say(what)
			return nil
		case end.code == service.ExitUsage && !stopping:
			s.Output.Say(service.Textf("%s, uso errado: não é reiniciado", "%s, wrong use: not started again", what))
			return errors.New(what.EN)
		}
		if stopping {
			return errors.New(what.EN)
		}
		if time.Since(began) >= s.Quick {
			delay = s.RestartFirst
		}
		s.Output.Say(service.Textf("%s: reinício em %s", "%s: starting it again in %s", what, delay))
		if wait.Sleep(stop, delay) != nil {
			return errors.New(what.EN)
		}
		delay = min(delay*2, s.RestartMost)
	}
}

func (s *Supervisor) setRunning(name string, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if running {
		s.running = append(s.running, name)
	} else {
		s.running = slices.DeleteFunc(s.running, func(n string) bool { return n == name })
	}
}

func (s *Supervisor) stillRunning() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.running, ", ")
}
