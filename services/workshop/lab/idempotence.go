package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/service"
	"workshop.example/kit/wire"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// lostEvery is how many messages the broker stores for each whose answer is lost.
const lostEvery = 4

var idempotenceText = Labs.Texts("idempotence")

var idempotence = add(Lab{
	Name:     "idempotence",
	Pace:     25 * time.Millisecond,
	ByHand:   theMatch,
	run:      runIdempotence,
	Controls: []Control{notIdempotent},
})

func runIdempotence(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	parts := make([]report.Part, 2)
	playing, inTime := errgroup.WithContext(ctx)
	for i, idempotent := range []bool{false, true} {
		playing.Go(func() (err error) {
			parts[i], err = loseAnswers(inTime, b, idempotent)
			return err
		})
	}
	return parts, playing.Wait()
}

// loseAnswers plays a match whose simulator misses answers, and counts what came of it.
func loseAnswers(ctx context.Context, b *rig.Bench, idempotent bool) (report.Part, error) {
	name := fmt.Sprint(idempotent)
	m, err := match.NewNamed(ctx, b, "-"+name)
	if err != nil {
		return report.Part{}, err
	}
	p, err := b.Wire()
	if err != nil {
		return report.Part{}, err
	}
	var dropper answerDropper
	p.OnAnswer(dropper.decide)
	if _, err := m.PlayAs("simulator-"+name, "IDEMPOTENT="+name, rig.Through(p)); err != nil {
		return report.Part{}, err
	}
	board := m.Board("board-"+name, "DELIVERY=auto")
	if _, err := board.Follow(ctx); err != nil {
		return report.Part{}, err
	}
	if code, err := m.Simulator.Wait(ctx); err != nil || code != 0 {
		return report.Part{}, unexpected(err, "%s ended with exit code %d", m.Simulator.Name, code)
	}
	lost, err := dropper.lost()
	if err != nil {
		return report.Part{}, err
	}
	part, err := m.Part(ctx, board)
	part.Title = idempotenceText("title", name)
	part.Notes = []service.Text{idempotenceText("unanswered", len(lost), report.IDs(lost))}
	if !idempotent {
		part.Want.Duplicated = lost
	}
	return part, err
}

// answerDropper takes away the broker's answer to one in so many messages that it has stored.
type answerDropper struct {
	mu      sync.Mutex
	stored  int
	taken   []int // ids of goals
	problem error
}

func (t *answerDropper) decide(a wire.Answer) wire.Fate {
	if a.Request.Key != kmsg.Produce {
		return wire.Pass
	}
	s, err := rig.AnswerStep(a)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil && t.problem == nil {
		t.problem = err
	}
	if !s.Accepted(kmsg.Produce) {
		return wire.Pass // nothing is stored: to send it again duplicates nothing
	}
	if t.stored++; t.stored%lostEvery != 0 {
		return wire.Pass
	}
	t.taken = append(t.taken, rig.GoalIDs(s.Events)...)
	return wire.Cut
}

// lost are the ids of the goals whose answers were taken, sorted.
func (t *answerDropper) lost() ([]int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.problem != nil || len(t.taken) == 0 {
		return nil, &rig.NotRun{Cause: fmt.Sprintf("no answer of the broker was lost: %v", t.problem)}
	}
	slices.Sort(t.taken)
	return t.taken, nil
}

var notIdempotent = Control{
	Name: "not-idempotent",
	pace: 0,
	instead: func(name, program string, vars []string) (string, []string) {
		if strings.HasPrefix(name, "simulator") {
			vars = append(slices.Clone(vars), "IDEMPOTENT=false")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool {
		return len(report.Numbers(parts[1].Counted.Duplicated)) > 0 && parts[0].Holds()
	},
}
