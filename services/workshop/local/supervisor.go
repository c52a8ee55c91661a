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

	"workshop.example/workshop/screen"
)

// Supervisor keeps the services running and stops them together.
type Supervisor struct {
	Output   *screen.Output
	Services []Service

	Grace        time.Duration // from the wish to stop until what is left is killed
	RestartFirst time.Duration // before the first restart; doubles with every quick failure
	RestartMost  time.Duration // at most before a restart
	Quick        time.Duration // a failure after a longer run is not quick

	mu      sync.Mutex
	running []string
}

// Run starts the services and returns when all have ended for good: by themselves, or after stop.
// Each is asked to stop by closing its standard input, which works alike on every system, and also
// happens when the tool itself is killed. What still runs after Grace, or when kill ends, is killed.
//
// All their output was copied when Run returns, save where its reader has stalled. The error says
// which services did not end with 0.
func (s *Supervisor) Run(stop, kill context.Context) error {
	// One that cannot even be started takes the others down with it.
	stop, abandon := context.WithCancel(stop)
	defer abandon()
	kill, killRest := context.WithCancel(kill)
	defer killRest()

	errs := make([]error, len(s.Services))
	var wg sync.WaitGroup
	for i, svc := range s.Services {
		wg.Go(func() { errs[i] = s.keep(stop, kill, svc, abandon) })
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()

	select {
	case <-ended:
		return notClean(errs)
	case <-stop.Done():
	}
	grace := time.NewTimer(s.Grace)
	defer grace.Stop()
	s.tell("stopping ...")
	select {
	case <-ended:
		return notClean(errs)
	case <-kill.Done():
		s.tell("killed: %s", s.stillRunning())
	case <-grace.C:
		left := s.stillRunning()
		killRest()
		s.tell("still running after %s, killed: %s", s.Grace, left)
	}
	// What was killed ends now, on a busy machine not at once. Only a write that does not come back holds it up.
	look := time.NewTicker(outputGrace / 4)
	defer look.Stop()
	for {
		select {
		case <-ended:
			return notClean(errs)
		case <-look.C:
			if s.Output.Stalled() > outputGrace {
				return errors.New("nobody reads the output, and some of it is lost")
			}
		}
	}
}

// tell prints a line, but does not wait for a reader that stalls: nobody should have to wait for the
// stop because of it.
func (s *Supervisor) tell(format string, args ...any) {
	done := make(chan struct{})
	go func() { s.Output.Say(format, args...); close(done) }()
	select {
	case <-done:
	case <-time.After(outputGrace):
	}
}

// notClean is one sentence about all the services that did not end with 0, nil if there is none.
func notClean(errs []error) error {
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

// keep runs one service again and again until it has ended for good.
func (s *Supervisor) keep(stop, kill context.Context, svc Service, abandon func()) error {
	delay := s.RestartFirst
	for first := true; ; first = false {
		began := time.Now()
		end, err := s.runOnce(stop, kill, svc)
		if err != nil && first {
			abandon()
			return fmt.Errorf("start %s: %w", svc.Name, err)
		}
		what := fmt.Sprintf("%s %s", svc.Name, end)
		// Ctrl-C may have ended it before it reached us: then this is a stop like any other.
		stopping := service.Sleep(stop, signalLead) != nil
		switch {
		case err != nil: // its binary may be away for a moment, while it is built again
			what = fmt.Sprintf("%s could not be started: %v", svc.Name, err)
		case stopping && end.stopped():
			return nil
		case end.code == service.ExitOK:
			s.Output.Say("%s", what)
			return nil
		case end.code == service.ExitUsage && !stopping:
			s.Output.Say("%s, wrong use: not started again", what)
			return errors.New(what)
		}
		if stopping {
			return errors.New(what)
		}
		if time.Since(began) >= s.Quick {
			delay = s.RestartFirst
		}
		s.Output.Say("%s: starting it again in %s", what, delay)
		if service.Sleep(stop, delay) != nil {
			return errors.New(what)
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
