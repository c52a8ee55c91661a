package lab

import (
	"context"
	"fmt"
	"time"
)

// loopLives is how often the loop is watched before the way out is taken.
const loopLives = 3

var crashLoop = Lab{
	Name:   "crash-loop",
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runCrashLoop,
}

func runCrashLoop(ctx context.Context, b *Bench) ([]Part, error) {
	m, err := New(ctx, b)
	if err != nil {
		return nil, err
	}
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	board := m.Board("scoreboard", "DELIVERY=at-least-once", fmt.Sprint("FAIL_AT_ID=", FailAt))
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
		if code != Crashed {
			return nil, &NotRun{Cause: fmt.Sprintf("the board was to crash with exit code %d, and ended with %d", Crashed, code)}
		}
		committed, err := b.Committed(board.Group, m.Topic, 0)
		if err != nil {
			return nil, err
		}
		stuck = stuck && committed == FailAt-1
		want = append(want, FailAt)
		SayRestart(b, board, code)
	}
	stuck = stuck && last(board.Scores()).ID() == FailAt
	if _, err := board.Start("FAIL_AT_ID=0"); err != nil {
		return nil, err
	}
	if code, err := board.Lives[len(board.Lives)-1].Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "without the fault the board ended with exit code %d", code)
	}
	part, err := m.Part(ctx, board)
	part.Want.Repeated = want
	part.Facts = []Fact{{
		Text: Text{PT: "em cada vida o grupo ficou no mesmo offset, e nada depois do id 5 foi exibido", EN: "in every life the group stayed at the same offset, and nothing after id 5 was shown"},
		Held: stuck,
	}}
	return []Part{part}, err
}
