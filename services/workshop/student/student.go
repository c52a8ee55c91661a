package student

import (
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// The programs in whose place a student's own may stand.
const (
	Scoreboard = "scoreboard"
	Simulator  = "simulator"
	Detector   = "detector"
	Consumer   = "consumer"
)

// student is a scoreboard that somebody else wrote, in whatever language. All that is known of it is
// seen from outside: its score lines, how it ends, and what its group has committed.
type student struct {
	*match.Board
	delivery string
	failAt   int
	seen     []sight  // one of each life
	stuck    bool     // it died again and again, and got no further
	strays   string   // a group of the program's own, which reads in the place of the board's
	once     *onBoard // of exactly-once: what it has written
	late     bool     // its first life was not in the group before the match went on: it may have missed all of it
}

// strayEvery is how often a group of the program's own is looked for, for which every group of the cluster is asked.
const strayEvery = 2 * time.Second

// stuckLives is how many have to die at the same id until it is clear that the next one will.
const stuckLives = 3

// RunStudent carries out an experiment with the student's own scoreboard, which is to crash at the
// event failAt. The prediction is known once it has.
func Run(ctx context.Context, b *rig.Bench, delivery string, failAt int, want func(*student) report.Prediction) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	s := &student{Board: m.Board("scoreboard", "DELIVERY="+delivery), delivery: delivery, failAt: failAt}
	if err := s.play(ctx); err != nil {
		return nil, err
	}
	return s.judge(ctx, want)
}

// play plays the match, and sees the scoreboard through it.
func (s *student) play(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.follow(ctx); err != nil {
		return err
	}
	simulator := s.Match.Simulator
	select {
	case <-simulator.Ended():
		if code := simulator.ExitCode(); code != 0 {
			return &rig.NotRun{Cause: fmt.Sprintf("%s ended with exit code %d in mid-match", simulator.Name, code)}
		}
	default:
		simulator.Stop() // who is stuck at one goal will not show the next ones either
	}
	return nil
}

// begin starts the match and the first life. The match waits until that is a member of the group, however
// long the program takes to start: a group that reads only what comes after it would find nothing on a slow
// machine and some goals on a fast one, and an automatic commit, which is due five seconds after the first look
// for messages, would come after the crash.
func (s *student) begin(ctx context.Context) error {
	if s.delivery == "auto" {
		if err := s.start(s.failAt); err != nil {
			return err
		}
		s.late = !s.awaitMember(ctx, last(s.Lives))
		_, err := s.Match.Play()
		return err
	}
	// What commits or reads in another way than it should must not pass because the goals came one by
	// one: the first look for messages is to find the goal of the crash among others.
	simulator, err := s.Match.Play()
	if err != nil {
		return err
	}
	if err := simulator.Await(ctx, fmt.Sprintf("it has sent %d goals", s.failAt+3), rig.Said(`"event":"goal"`, s.failAt+3)); err != nil {
		return err
	}
	paused := simulator.Pause() == nil // not on Windows, and not where the match is over already
	if err := s.start(s.failAt); err != nil {
		return err
	}
	joined := s.awaitMember(ctx, last(s.Lives))
	if paused {
		if err := simulator.Resume(); err != nil {
			return err
		}
	}
	select {
	case <-simulator.Ended():
		s.late = true
	default:
		s.late = !joined
	}
	return nil
}

// awaitMember waits until the first life is in the group, and reports whether it is. One that does not join within
// startGrace, ends, or prints without end is judged as it is.
func (s *student) awaitMember(ctx context.Context, p *rig.Process) bool {
	deadline := time.NewTimer(startGrace)
	defer deadline.Stop()
	tell := time.NewTimer(tellAfter)
	defer tell.Stop()
	tick, aside := time.NewTicker(look), time.NewTicker(strayEvery)
	defer tick.Stop()
	defer aside.Stop()
	for {
		if g := s.Match.Bench.Membership(s.Group); len(g.Members) > 0 && !g.Rebalancing {
			return true
		}
		if len(p.Lines()) > flood {
			return false
		}
		select {
		case <-tick.C:
		case <-aside.C:
			if s.elsewhere() != "" {
				return false
			}
		case <-tell.C:
			s.Match.Bench.Say(says("waits-for-the-group"))
		case <-p.Ended():
			return false
		case <-deadline.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// start starts one life. Only the first gets to know of the fault: a simple program has no memory of
// having crashed already.
func (s *student) start(failAt int) error {
	b := s.Match.Bench
	env := append(ownEnvironment(b), fmt.Sprint("FAIL_AT_ID=", failAt), "FAIL_MODE=once")
	words := slices.Concat(b.Student.Guard, b.Student.Words)
	p, err := b.Launch(b.Screen, s.Name, words[0], words[1:], append(env, s.Vars...), true)
	if err == nil {
		s.Lives = append(s.Lives, p)
	}
	return err
}

// follow watches the first life, and starts others, until the match was shown or it is clear that it
// will not be.
func (s *student) follow(ctx context.Context) error {
	var before rig.Membership
	reached, same := 0, 0 // the highest id so far, and how many lives in a row have died there
	for {
		life, err := s.watch(ctx, last(s.Lives), before)
		if err != nil {
			return err
		}
		s.seen = append(s.seen, life)
		if s.once != nil {
			if err := s.once.read(ctx, s.Match); err != nil {
				return err
			}
		}
		if life.stopped || s.complete() || s.nothing() && life.code != rig.Crashed {
			return nil // in the last case it does not read yet, or does not even start
		}
		if life.last > reached {
			reached, same = life.last, 0
		}
		if same++; same == stuckLives {
			s.stuck = true
			return nil
		}
		if len(s.Lives) == match.MostLives {
			return nil
		}
		before = s.Match.Bench.Membership(s.Group)
		s.Match.Bench.Say(says("committed", life.committed))
		s.SayRestart(life.code)
		if err := s.start(0); err != nil {
			return err
		}
	}
}

// complete reports whether the match was shown to its end.
func (s *student) complete() bool {
	return s.once != nil && s.once.ended || slices.ContainsFunc(s.Scores(), ended)
}

// nothing reports whether no goal was shown, in any life.
func (s *student) nothing() bool {
	return (s.once == nil || s.once.records == 0) && len(s.Scores()) == 0
}

// elsewhere returns a group that is not the board's, and reads the match in its place.
func (s *student) elsewhere() string { return s.Match.Bench.GroupBeside(s.Group, s.Match.Topic) }

// ended says whether a match ends with this score: with 25 goals, and two more than the others have.
func ended(s match.Score) bool {
	high, low := max(s.TeamA, s.TeamB), min(s.TeamA, s.TeamB)
	return high >= 25 && high-low >= 2
}

// missedStart reports whether the first goals were left out, up to which one.
func missedStart(v verdict.Verdict) (upTo int) {
	for _, id := range report.Numbers(v.Lost, v.Missing) {
		if id == upTo+1 {
			upTo = id
		}
	}
	return upTo
}
