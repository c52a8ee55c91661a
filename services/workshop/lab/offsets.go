package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/service"
	"workshop.example/kit/wire"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var offsetsText = Labs.Texts("offsets")

var offsets = add(Lab{
	Name:     "offsets",
	Pace:     200 * time.Millisecond,
	ByHand:   experiment.ByHand{Topics: []string{"scoreGame"}, Groups: []string{"group1", "cedo", "tarde"}},
	run:      runOffsets,
	Controls: []Control{anotherName},
})

func runOffsets(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	var four []report.Part
	var crash report.Part
	reading, inTime := errgroup.WithContext(ctx)
	reading.Go(func() (err error) {
		four, err = threeMatches(inTime, b)
		return err
	})
	reading.Go(func() (err error) {
		crash, err = killAutoCommit(inTime, b)
		return err
	})
	err := reading.Wait()
	return append(four, crash), err
}

// reader is a board whose requests are seen on their way to the brokers.
type reader struct {
	*match.Board
	lives []*asked
}

// asked are the offsets that one life asked the brokers for.
type asked struct {
	mu            sync.Mutex
	any           bool
	first, newest int64
	problem       error
}

func (a *asked) see(r wire.Request, topic string) wire.Fate {
	if r.Key != kmsg.Fetch {
		return wire.Pass
	}
	decoded, err := r.Decode()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.problem = err
		return wire.Pass
	}
	for _, t := range decoded.(*kmsg.FetchRequest).Topics {
		if t.Topic != topic {
			continue
		}
		for _, p := range t.Partitions {
			if !a.any {
				a.any, a.first = true, p.FetchOffset
			}
			a.newest = p.FetchOffset
		}
	}
	return wire.Pass
}

// offsets are the first one asked for and the last so far; ok is false before there is any.
func (a *asked) offsets() (first, newest int64, ok bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.problem != nil {
		return 0, 0, false, &rig.NotRun{Cause: fmt.Sprintf("what a board asked the brokers for could not be read: %v", a.problem)}
	}
	return a.first, a.newest, a.any, nil
}

// begin starts the next life with a setting, and returns when it has asked for its first message: then
// its place in the topic is fixed.
func (r *reader) begin(ctx context.Context, reset string) error {
	p, err := r.Match.Bench.Wire()
	if err != nil {
		return err
	}
	a := &asked{}
	p.OnRequest(func(req wire.Request) wire.Fate { return a.see(req, r.Match.Topic) })
	r.lives = append(r.lives, a)
	if _, err := r.Start("AUTO_OFFSET_RESET="+reset, rig.Through(p)); err != nil {
		return err
	}
	return rig.Await(ctx, r.Name+" has asked for its first message", func() bool {
		_, _, ok, err := a.offsets()
		return ok || err != nil
	})
}

// overlooked is how long a board may be silent with everything in its hands: then what it has not shown it
// will not.
const overlooked = 3 * time.Second

// readTo waits until the board has asked for what comes behind an offset and shown so many matches to
// their end, or nothing more for a while; then it stops the board, which commits on its way out.
func (r *reader) readTo(ctx context.Context, end int64, matches int) error {
	life := last(r.Lives)
	err := rig.Await(ctx, fmt.Sprintf("%s has read up to offset %d", r.Name, end), func() bool {
		if _, newest, ok, _ := last(r.lives).offsets(); !ok || newest < end {
			return false
		}
		lines := life.Lines()
		return rig.Count(lines, "Partida finalizada!")+rig.Count(lines, "Match finished!") >= matches ||
			time.Since(last(lines).At) > overlooked
	})
	if err != nil {
		return err
	}
	life.Stop()
	if code := life.ExitCode(); code != 0 {
		return &rig.NotRun{Cause: fmt.Sprintf("%s was asked to stop, and ended with exit code %d", r.Name, code)}
	}
	return nil
}

// threeMatches lets two boards begin with one setting each, and come back with the other's.
func threeMatches(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	board := func(name string) *reader { return &reader{Board: m.Board(name, "DELIVERY=auto", "MATCHES=0")} }
	early, late := board("earliest"), board("latest")
	var ends []int64
	play := func() error {
		if err := playQuietly(ctx, m, len(ends)); err != nil {
			return err
		}
		events, err := m.Events(ctx)
		ends = append(ends, int64(len(events)))
		return err
	}
	if err := play(); err != nil {
		return nil, err
	}
	for _, life := range []struct {
		settings [2]string
		matches  [2]int // that are predicted to be shown
	}{
		{[2]string{"earliest", "latest"}, [2]int{2, 1}}, {[2]string{"latest", "earliest"}, [2]int{1, 1}},
	} {
		for i, r := range []*reader{early, late} {
			if err := r.begin(ctx, life.settings[i]); err != nil {
				return nil, err
			}
		}
		if len(ends) == 1 { // the second match comes while they read; the third was played meanwhile
			if err := play(); err != nil {
				return nil, err
			}
		}
		for i, r := range []*reader{early, late} {
			if err := r.readTo(ctx, last(ends), life.matches[i]); err != nil {
				return nil, err
			}
		}
		if len(ends) == 2 {
			if err := play(); err != nil {
				return nil, err
			}
		}
	}
	return judgeOffsets(ctx, m, early, late, ends)
}

// playQuietly plays the n-th match to its end.
func playQuietly(ctx context.Context, m *match.Match, n int) error {
	b := m.Bench
	name := fmt.Sprint("match-", n+1)
	p, err := b.Quietly(name, "score-simulator", "TOPIC="+m.Topic, "PACE="+(b.Pace/20).String(), fmt.Sprint("SEED=", b.Seed+uint64(n)),
		"MATCHES=1")
	if err != nil {
		return err
	}
	if code, err := p.Wait(ctx); err != nil || code != 0 {
		return unexpected(err, "%s ended with exit code %d", name, code)
	}
	b.Say(offsetsText("in-the-topic", n+1))
	return nil
}

// killAutoCommit kills a board between two automatic commits, and lets it go on.
func killAutoCommit(ctx context.Context, b *rig.Bench) (report.Part, error) {
	m, err := match.NewNamed(ctx, b, "-auto")
	if err != nil {
		return report.Part{}, err
	}
	board := m.Board("auto-commit", "DELIVERY=auto")
	if _, err := b.Quietly("match-auto", "score-simulator", "TOPIC="+m.Topic, "PACE="+b.Pace.String(), fmt.Sprint("SEED=", b.Seed),
		"MATCHES=1"); err != nil {
		return report.Part{}, err
	}
	p, err := board.Start()
	if err != nil {
		return report.Part{}, err
	}
	if err := p.Await(ctx, fmt.Sprintf("id %d is shown", autoCommitCrash), match.Showing(autoCommitCrash)); err != nil {
		return report.Part{}, err
	}
	p.Kill()
	shown := last(board.Scores()).ID()
	committed, err := b.Committed(board.Group, m.Topic, 0)
	if err != nil {
		return report.Part{}, err
	}
	committed = max(committed, 0)
	if committed >= int64(shown) {
		return report.Part{}, &rig.NotRun{Cause: fmt.Sprintf("the board had committed all %d goals when it was killed: there is "+
			"nothing to repeat", shown)}
	}
	board.SayRestart(rig.Killed)
	if _, err := board.Follow(ctx); err != nil {
		return report.Part{}, err
	}
	part, err := m.Part(ctx, board)
	part.Title = offsetsText("title-auto")
	for id := int(committed) + 1; id <= shown; id++ {
		part.Want.Repeated = append(part.Want.Repeated, id)
	}
	part.Notes = []service.Text{offsetsText("shown", shown, committed)}
	return part, err
}

var anotherName = Control{
	Name: "another-name",
	pace: 20 * time.Millisecond,
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "latest" && slices.Contains(vars, "AUTO_OFFSET_RESET=earliest") {
			vars = append(slices.Clone(vars), "CONSUMER_GROUP="+rand.Text())
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool {
		return len(report.Numbers(parts[3].Counted.AbortedRead)) > 0 && !parts[3].Facts[0].Held && parts[2].Holds()
	},
}
