package lab

import (
	"context"
	"fmt"
	"time"

	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// loopLives is how often the loop is watched before the way out is taken.
const loopLives = 3

var crashLoopText = Labs.Texts("crash-loop")

var crashLoop = add(Lab{
	Name:   "crash-loop",
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runCrashLoop,
})

func runCrashLoop(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	board := m.Board("scoreboard", "DELIVERY=at-least-once", fmt.Sprint("FAIL_AT_ID=", failAt))
	var want []int
	stuck := true
	for range loopLives + 1 {
		p, err := board.Start("FAIL_MODE=always")
		if err != nil {
			return nil, err
		}
		code, err := p.Wait(ctx)
		if err != nil {
			return nil, err
		}
		if code != rig.Crashed {
			return nil, &rig.NotRun{Cause: fmt.Sprintf("the board was to crash with exit code %d, and ended with %d", rig.Crashed, code)}
		}
		committed, err := b.Committed(board.Group, m.Topic, 0)
		if err != nil {
			return nil, err
		}
		stuck = stuck && committed == failAt-1
		want = append(want, failAt)
		board.SayRestart(code)
	}
	stuck = stuck && last(board.Scores()).ID() == failAt
	if _, err := board.Start("FAIL_AT_ID=0"); err != nil {
		return nil, err
	}
	if code, err := board.Lives[len(board.Lives)-1].Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "without the fault the board ended with exit code %d", code)
	}
	part, err := m.Part(ctx, board)
	part.Want.Repeated = want
	part.Facts = []report.Fact{{
		Text: crashLoopText("stuck"),
		Held: stuck,
	}}
	return []report.Part{part}, err
}
