package lab

import (
	"context"
	"fmt"

	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/student"
)

// crashOnce is an experiment in which the board crashes at one event and is started again.
func crashOnce(delivery string, want report.Prediction) func(context.Context, *rig.Bench) ([]report.Part, error) {
	return func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		if b.Student.Role != "" {
			return student.Run(ctx, b, delivery, failAt, student.Always(want))
		}
		m, err := match.New(ctx, b)
		if err != nil {
			return nil, err
		}
		if _, err := m.Play(); err != nil {
			return nil, err
		}
		board := m.Board("scoreboard", "DELIVERY="+delivery, fmt.Sprint("FAIL_AT_ID=", failAt))
		crashes, err := board.Follow(ctx)
		if err != nil {
			return nil, err
		}
		if crashes == 0 {
			return nil, &rig.NotRun{Cause: fmt.Sprintf("the board has not crashed at id %d", failAt)}
		}
		part, err := m.Part(ctx, board)
		part.Want = want
		return []report.Part{part}, err
	}
}

func last[T any](list []T) T {
	if len(list) == 0 {
		var none T
		return none
	}
	return list[len(list)-1]
}
