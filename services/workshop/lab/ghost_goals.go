package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/student"
)

var ghostGoalsText = Labs.Texts("ghost-goals")

var _ = add(Lab{
	Name: "ghost-goals",
	Pace: 100 * time.Millisecond, Student: []string{student.Simulator},
	ByHand: theMatch,
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		if b.Student.Role != "" {
			return student.RunSimulator(ctx, b, ghostEvery)
		}
		return runGhostGoals(ctx, b)
	},
	Controls: []Control{readsUncommitted},
})

// ghostEvery is how many goals go by until the next is aborted first.
const ghostEvery = 4

func runGhostGoals(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	if _, err := m.Play("TRANSACTIONAL_ID="+b.Name("simulator"), fmt.Sprint("ABORT_EVERY=", ghostEvery)); err != nil {
		return nil, err
	}
	boards := []*match.Board{
		m.Board("uncommitted", "DELIVERY=at-least-once", "ISOLATION=read_uncommitted"),
		m.Board("committed", "DELIVERY=at-least-once", "ISOLATION=read_committed"),
	}
	following, ctx := errgroup.WithContext(ctx)
	for _, board := range boards {
		following.Go(func() error {
			_, err := board.Follow(ctx)
			return err
		})
	}
	if err := following.Wait(); err != nil {
		return nil, err
	}
	return judgeGhosts(context.WithoutCancel(ctx), m, boards[0], boards[1])
}

func judgeGhosts(ctx context.Context, m *match.Match, uncommitted, committed *match.Board) ([]report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	var aborted, ghosts []int
	for _, g := range goals {
		if g.Aborted {
			aborted = append(aborted, g.Number)
		}
	}
	for id := ghostEvery; id <= match.Highest(goals); id += ghostEvery {
		ghosts = append(ghosts, id)
	}
	if !slices.Equal(aborted, ghosts) {
		return nil, &rig.NotRun{Cause: fmt.Sprintf("aborted in the topic are %s, where it was to be %s", report.IDsOr(aborted, "none"),
			report.IDsOr(ghosts, "none"))}
	}
	loose, err := m.Part(ctx, uncommitted)
	if err != nil {
		return nil, err
	}
	loose.Title, loose.Want.Ghosts = ghostGoalsText("title-uncommitted"), ghosts
	strict, err := m.Part(ctx, committed)
	strict.Title = ghostGoalsText("title-committed")
	return []report.Part{loose, strict}, err
}

var readsUncommitted = Control{
	Name:    "read-uncommitted",
	pace:    20 * time.Millisecond,
	instead: given("committed", "ISOLATION=read_uncommitted"),
	caught:  func(parts []report.Part) bool { return len(parts[1].Counted.AbortedRead) > 0 && parts[0].Holds() },
}
