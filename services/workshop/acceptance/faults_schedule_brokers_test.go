//go:build brokers

package acceptance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// struckFault is one that was tried.
type struckFault struct {
	kind  string
	whom  string
	at    time.Duration // since the beginning
	took  time.Duration // until all was right again
	proof string        // what showed that it landed; "" where nothing did
	err   error
}

func (f struckFault) String() string {
	text := fmt.Sprintf("%7.1f s  %-32s %-24s %4.1f s  %s", f.at.Seconds(), f.kind, f.whom, f.took.Seconds(), f.proof)
	if f.err != nil {
		text += fmt.Sprintf("  WRONG: %v", f.err)
	}
	return text
}

// schedule strikes until its time is over, and remembers what it has done.
type schedule struct {
	t     testing.TB
	began time.Time
	until time.Time
	every time.Duration // from half to one and a half of this lies between two faults

	mu     sync.Mutex
	faults []struckFault
	failed bool
}

// faultKind is a kind of fault; strike returns whom it struck and what proves it, once all is right again.
type faultKind struct {
	name   string
	strike func(rng *rand.Rand) (whom, proof string, err error)
}

// run strikes by each kind in turn, in an order from the seed, each time that all were had in another one. After a
// fault that could not be put right there is no further one.
func (s *schedule) run(rng *rand.Rand, kinds []faultKind) {
	var deck []int
	for {
		pause := s.every/2 + within(rng, s.every)
		if time.Now().Add(pause).After(s.until) || s.over() {
			return
		}
		time.Sleep(pause) // not to wait for a state: to meet any
		if len(deck) == 0 {
			deck = rng.Perm(len(kinds))
		}
		kind := kinds[deck[0]]
		deck = deck[1:]
		at := time.Now()
		f := struckFault{kind: kind.name, at: at.Sub(s.began)}
		f.whom, f.proof, f.err = kind.strike(rng)
		f.took = time.Since(at)
		s.note(f)
	}
}

func (s *schedule) note(f struckFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Log(f)
	s.faults = append(s.faults, f)
	s.failed = s.failed || f.err != nil
}

func (s *schedule) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// confirmed counts the faults that were proved, by kind.
func (s *schedule) confirmed() (counts map[string]int, all int) {
	counts = map[string]int{}
	for _, f := range s.faults {
		if f.proof != "" && f.err == nil {
			counts[f.kind]++
			all++
		}
	}
	return counts, all
}

// timeline has a line for each fault.
func (s *schedule) timeline() string {
	var lines []string
	for _, f := range s.faults {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// pauseFor is how long somebody is paused or cut off: shorter than a session of 6 s, or longer, or longer than the
// 15 s after which a client gives up an answer.
func pauseFor(rng *rand.Rand) time.Duration { return 4*time.Second + within(rng, 20*time.Second) }

// victim is a program that is struck, and started again when it ends.
type victim interface {
	victim() string
	running() bool
	kill() error      // returns when the process is gone
	terminate() error // the same, and it had to end in time
	pause(time.Duration) error
}

// programFaults are the faults of a program.
func programFaults(v victim) []faultKind {
	fault := func(how string, strike func(rng *rand.Rand) (string, error)) faultKind {
		return faultKind{how + " of a program", func(rng *rand.Rand) (whom, proof string, err error) {
			if err := awaitRunning(v); err != nil {
				return v.victim(), "", err
			}
			proof, err = strike(rng)
			if errors.Is(err, os.ErrProcessDone) { // it has just ended by itself: nothing was struck
				proof, err = "", nil
			}
			return v.victim(), proof, errors.Join(err, awaitRunning(v))
		}}
	}
	return []faultKind{
		fault("kill -9", func(*rand.Rand) (string, error) { return "gone", v.kill() }),
		fault("SIGTERM", func(*rand.Rand) (string, error) { return "ended", v.terminate() }),
		fault("SIGSTOP", func(rng *rand.Rand) (string, error) {
			d := pauseFor(rng)
			return fmt.Sprintf("state T for %.1f s", d.Seconds()), v.pause(d)
		}),
	}
}

func awaitRunning(v victim) error {
	for end := time.Now().Add(10 * time.Second); !v.running(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("%s does not run", v.victim())
		}
	}
	return nil
}
