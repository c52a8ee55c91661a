package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/wire"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// takenOver is the id up to which the second board goes before the first comes back.
const takenOver = failAt + 3

var zombieText = Labs.Texts("zombie")

var zombie = add(Lab{
	Name:     "zombie",
	Pace:     250 * time.Millisecond,
	ByHand:   theMatch,
	run:      runZombie,
	Controls: []Control{groupIDOnly},
})

func runZombie(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	t, err := b.Tap(ctx, "a")
	if err != nil {
		return nil, err
	}
	first := m.Board("a", "DELIVERY=exactly-once", "TRANSACTION_TIMEOUT=60s", rig.Through(t.Proxy))
	second := first.Mate("b", "KAFKA_PROXY=")
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	t.HoldAt(func(s rig.Step) bool { return s.Is(kmsg.AddPartitionsToTxn, false) && s.Event == failAt })
	sleeper, err := first.Start()
	if err != nil {
		return nil, err
	}
	h, err := t.Caught(ctx, sleeper, fmt.Sprintf("it was to be paused at id %d", failAt))
	if err != nil {
		return nil, err
	}
	if err := sleeper.Pause(); err != nil {
		return nil, err
	}
	b.Say(zombieText("paused", failAt))
	heir, err := second.Start()
	if err != nil {
		return nil, err
	}
	if err := heir.Await(ctx, fmt.Sprintf("id %d is shown", takenOver), match.Showing(takenOver)); err != nil {
		return nil, err
	}
	b.Say(zombieText("wakes"))
	before := t.Count()
	if err := wake(ctx, t, sleeper, h); err != nil {
		return nil, err
	}
	if code, err := heir.Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "board b ended with exit code %d", code)
	}
	return judgeZombie(ctx, m, first, t.Since(before))
}

// wake lets the zombie go on to the end of its transaction, whichever that is, and kills it there: it
// would join the group again, and take the match from the other.
func wake(ctx context.Context, t *rig.Tap, sleeper *rig.Process, h *rig.Held) error {
	t.HoldAt(func(s rig.Step) bool { return s.Is(kmsg.EndTxn, true) || s.Is(kmsg.InitProducerID, true) })
	if err := sleeper.Resume(); err != nil {
		return err
	}
	h.Release(wire.Pass)
	end, err := t.Caught(ctx, sleeper, "its transaction was over")
	if err != nil {
		return err
	}
	sleeper.Kill()
	end.Release(wire.Cut)
	return nil
}

// disowned are the answers to a member that the group has given up; others would only ask for another try.
var disowned = []string{"UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"}

func judgeZombie(ctx context.Context, m *match.Match, board *match.Board, awake []rig.Step) ([]report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	part, err := scoreBoardPart(ctx, m, board, goals)
	if err != nil {
		return nil, err
	}
	refused, answer, aborted := false, "?", false
	for _, s := range awake {
		if s.Is(kmsg.TxnOffsetCommit, true) && s.Offset == failAt { // the last one: others were tried again
			refused, answer = slices.Contains(disowned, s.Refusal()), s.Refusal()
		}
		aborted = aborted || s.Accepted(kmsg.EndTxn) && !s.Commit && s.Event == failAt
	}
	part.Facts = append(part.Facts,
		report.Fact{Text: zombieText("answer", failAt, answer), Held: refused},
		report.Fact{Text: zombieText("aborted", failAt), Held: aborted},
	)
	return []report.Part{part}, nil
}

var groupIDOnly = Control{
	Name:    "group-id-only",
	pace:    250 * time.Millisecond,
	instead: broken("group-id-only"),
	caught: func(parts []report.Part) bool {
		return slices.Contains(report.Numbers(parts[0].Counted.Repeated), failAt)
	},
}
