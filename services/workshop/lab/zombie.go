package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/wire"
)

// takenOver is the id up to which the second board goes before the first comes back.
const takenOver = failAt + 3

var zombie = Lab{
	Name:   "zombie",
	Pace:   250 * time.Millisecond,
	ByHand: theMatch,
	run:    runZombie,
}

func runZombie(ctx context.Context, b *Bench) ([]Part, error) {
	m, err := newMatch1(ctx, b)
	if err != nil {
		return nil, err
	}
	t, err := b.tap(ctx, "a")
	if err != nil {
		return nil, err
	}
	first := m.Board("a", "DELIVERY=exactly-once", "TRANSACTION_TIMEOUT=60s", through(t.Proxy))
	second := first.Mate("b", "KAFKA_PROXY=")
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	t.holdAt(func(s step) bool { return s.is(kmsg.AddPartitionsToTxn, false) && s.Event == failAt })
	sleeper, err := first.Start()
	if err != nil {
		return nil, err
	}
	h, err := t.caught(ctx, sleeper, fmt.Sprintf("it was to be paused at id %d", failAt))
	if err != nil {
		return nil, err
	}
	if err := sleeper.Pause(); err != nil {
		return nil, err
	}
	b.Say(Text{fmt.Sprintf("o placar a está pausado, no id %d; o placar b começa", failAt), fmt.Sprintf("board a is paused, at id %d; board b begins", failAt)})
	heir, err := second.Start()
	if err != nil {
		return nil, err
	}
	if err := heir.Await(ctx, fmt.Sprintf("id %d is shown", takenOver), Showing(takenOver)); err != nil {
		return nil, err
	}
	b.Say(Text{"o placar a acorda", "board a wakes up"})
	before := t.count()
	if err := wake(ctx, t, sleeper, h); err != nil {
		return nil, err
	}
	if code, err := heir.Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "board b ended with exit code %d", code)
	}
	return judgeZombie(ctx, m, first, t.since(before))
}

// wake lets the zombie go on to the end of its transaction, whichever that is, and kills it there: it
// would join the group again, and take the match from the other.
func wake(ctx context.Context, t *tap, sleeper *Process, h *held) error {
	t.holdAt(func(s step) bool { return s.is(kmsg.EndTxn, true) || s.is(kmsg.InitProducerID, true) })
	if err := sleeper.Resume(); err != nil {
		return err
	}
	h.release(wire.Pass)
	end, err := t.caught(ctx, sleeper, "its transaction was over")
	if err != nil {
		return err
	}
	sleeper.Kill()
	end.release(wire.Cut)
	return nil
}

// disowned are the answers to a member that the group has given up; others would only ask for another try.
var disowned = []string{"UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"}

func judgeZombie(ctx context.Context, m *Match, board *Board, awake []step) ([]Part, error) {
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
		if s.is(kmsg.TxnOffsetCommit, true) && s.Offset == failAt { // the last one: others were tried again
			refused, answer = slices.Contains(disowned, s.refusal()), s.refusal()
		}
		aborted = aborted || s.accepted(kmsg.EndTxn) && !s.Commit && s.Event == failAt
	}
	part.Facts = append(part.Facts,
		Fact{Text{
			fmt.Sprintf("ao offset que o placar a quis confirmar com o id %d, o coordenador respondeu %s", failAt, answer),
			fmt.Sprintf("to the offset that board a wanted to commit with id %d, the coordinator answered %s", failAt, answer),
		}, refused},
		Fact{Text{
			fmt.Sprintf("o placar a abortou a transação do id %d", failAt), fmt.Sprintf("board a aborted its transaction of id %d", failAt),
		}, aborted},
	)
	return []Part{part}, nil
}
