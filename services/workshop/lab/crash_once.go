package lab

import (
	"context"
	"fmt"
)

// crashOnce is an experiment in which the board crashes at one event and is started again.
func crashOnce(delivery string, want Prediction) func(context.Context, *Bench) ([]Part, error) {
	return func(ctx context.Context, b *Bench) ([]Part, error) {
		if len(b.Scoreboard) > 0 {
			return RunStudent(ctx, b, delivery, FailAt, Always(want))
		}
		m, err := New(ctx, b)
		if err != nil {
			return nil, err
		}
		if _, err := m.Play(); err != nil {
			return nil, err
		}
		board := m.Board("scoreboard", "DELIVERY="+delivery, fmt.Sprint("FAIL_AT_ID=", FailAt))
		crashes, err := board.Follow(ctx)
		if err != nil {
			return nil, err
		}
		if crashes == 0 {
			return nil, &NotRun{Cause: fmt.Sprintf("the board has not crashed at id %d", FailAt)}
		}
		part, err := m.Part(ctx, board)
		part.Want = want
		return []Part{part}, err
	}
}

func last[T any](list []T) T {
	if len(list) == 0 {
		var none T
		return none
	}
	return list[len(list)-1]
}
