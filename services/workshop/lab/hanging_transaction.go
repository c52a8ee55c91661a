package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/wire"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

const (
	// leftOpen is the TRANSACTION_TIMEOUT of the simulator that dies. The embedded cluster aborts on the
	// dot; Kafka looks for such transactions every second in this workshop's stack, and every ten by default.
	leftOpen = 6 * time.Second
	// heldBack is how many goals must have been acknowledged, and not shown, for the wait to be seen.
	heldBack = 3
)

var hangingTransactionText = Labs.Texts("hanging-transaction")

var hangingTransaction = add(Lab{
	Name:   "hanging-transaction",
	Pace:   100 * time.Millisecond,
	ByHand: theMatch,
	run:    runHangingTransaction,
})

func runHangingTransaction(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	parts := make([]report.Part, 2)
	hanging, inTime := errgroup.WithContext(ctx)
	for i, next := range []string{"other", "same"} {
		hanging.Go(func() (err error) {
			parts[i], err = hang(inTime, b, next)
			return err
		})
	}
	return parts, hanging.Wait()
}

// hang leaves a transaction open, and lets another simulator play, with the same or another id.
func hang(ctx context.Context, b *rig.Bench, next string) (report.Part, error) {
	m, err := match.NewNamed(ctx, b, "-"+next)
	if err != nil {
		return report.Part{}, err
	}
	// It commits now and then, not after each goal: once they come, they all come at once.
	board := m.Board("board-"+next, "DELIVERY=auto")
	shows, err := board.Start()
	if err != nil {
		return report.Part{}, err
	}
	id := b.Name("simulator-" + next)
	nextID := id
	if next == "other" {
		nextID += "-2"
	}
	t, err := b.Tap(ctx, "next-"+next)
	if err != nil {
		return report.Part{}, err
	}
	var before int
	var waits *rig.Held
	began, err := leaveOpen(ctx, m, "killed-"+next, id, func() error {
		if err := shows.Await(ctx, fmt.Sprintf("id %d is shown", failAt-1), match.Showing(failAt-1)); err != nil {
			return err
		}
		before = len(board.Scores())
		t.HoldAt(func(s rig.Step) bool { return s.Is(kmsg.InitProducerID, false) })
		p, err := m.PlayAs("next-"+next, "TRANSACTIONAL_ID="+nextID, "PACE="+min(b.Pace, time.Second).String(), rig.Through(t.Proxy))
		if err != nil {
			return err
		}
		waits, err = t.Caught(ctx, p, "it was to wait for the other's end")
		return err
	})
	if err != nil {
		return report.Part{}, err
	}
	waits.Release(wire.Pass)
	for _, p := range []*rig.Process{m.Simulator, shows} {
		if code, err := p.Wait(ctx); err != nil || code != 0 {
			return report.Part{}, unexpected(err, "%s ended with exit code %d", p.Name, code)
		}
	}
	if err := t.Err(); err != nil {
		return report.Part{}, err
	}
	return judgeHanging(ctx, m, board, before, began, t, next == "same")
}

// leaveOpen plays until a simulator has an open transaction with id 5 in it, kills the simulator and
// returns when that transaction began, or a little before. Ready is called when all before it is committed: what takes
// time, such as the start of a process, takes none of the transaction's there.
func leaveOpen(ctx context.Context, m *match.Match, name, id string, ready func() error) (began time.Time, err error) {
	t, err := m.Bench.Tap(ctx, name)
	if err != nil {
		return began, err
	}
	// Its first request, AddPartitionsToTxn, opens a transaction.
	t.HoldAt(func(s rig.Step) bool { return s.Is(kmsg.AddPartitionsToTxn, false) && s.Event == failAt })
	p, err := m.PlayAs(name, "TRANSACTIONAL_ID="+id, "TRANSACTION_TIMEOUT="+leftOpen.String(), rig.Through(t.Proxy))
	if err != nil {
		return began, err
	}
	h, err := t.Caught(ctx, p, fmt.Sprintf("it was to begin the transaction of id %d", failAt))
	if err != nil {
		return began, err
	}
	if err := ready(); err != nil {
		return began, err
	}
	t.HoldAt(func(s rig.Step) bool { return s.Is(kmsg.EndTxn, false) && s.Event == failAt })
	began = time.Now()
	h.Release(wire.Pass)
	if h, err = t.Caught(ctx, p, fmt.Sprintf("it was to be killed at id %d", failAt)); err != nil {
		return began, err
	}
	p.Kill()
	h.Release(wire.Cut)
	last := lastTry(t.Since(0), failAt)
	if !acceptedStep(last, kmsg.Produce) || !h.Commit {
		return began, &rig.NotRun{Cause: fmt.Sprintf("%s did not end between the send and the commit of id %d", name, failAt)}
	}
	m.Bench.Say(hangingTransactionText("killed", name, failAt))
	return began, nil
}

// judgeHanging counts the second match. Of the first there are four goals, before the others, and the
// one in the transaction that was left open.
func judgeHanging(ctx context.Context, m *match.Match, board *match.Board, before int, began time.Time, t *rig.Tap,
	same bool) (report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return report.Part{}, err
	}
	first, second := match.OfStream(goals, goals[0].Stream), match.OfStream(goals, last(goals).Stream)
	scores := board.Scores()
	v, strange, err := m.Judge(ctx, scores[before:], second)
	if err != nil {
		return report.Part{}, err
	}
	var acks []time.Time
	for _, s := range t.Since(0) {
		if s.Accepted(kmsg.EndTxn) && s.Commit {
			acks = append(acks, s.At)
		}
	}
	if len(scores) == before || len(acks) == 0 {
		return report.Part{}, &rig.NotRun{Cause: "nothing of the second match was acknowledged and shown"}
	}
	if late := acks[0].Sub(began); late > leftOpen/2 {
		return report.Part{}, &rig.NotRun{Cause: fmt.Sprintf("the next simulator was ready only %s after the transaction was left open: too "+
			"near to its time-out of %s", seconds(late), leftOpen)}
	}
	appeared, waiting := scores[before].At, 0
	for _, at := range acks {
		if at.Before(appeared) {
			waiting++
		}
	}
	part := report.Part{Counted: v, Strange: strange, Highest: match.Highest(second), Facts: []report.Fact{{
		Text: hangingTransactionText("aborted", failAt-1, failAt),
		Held: slices.EqualFunc(scores[:before], []int{1, 2, 3, 4}, func(s match.Score, id int) bool { return s.ID() == id }) &&
			len(first) == failAt && last(first).Aborted,
	}}}
	stall := max(appeared.Sub(acks[0]), 0) // readers may be told before the writer is
	if same {
		part.Title = hangingTransactionText("title-same")
		part.Facts = append(part.Facts, report.Fact{
			Text: hangingTransactionText("shown-after", seconds(stall)), Held: stall < leftOpen/2 && appeared.Sub(began) < leftOpen,
		})
		return part, nil
	}
	part.Title = hangingTransactionText("title-another")
	open := appeared.Sub(began)
	part.Facts = append(part.Facts,
		report.Fact{Text: hangingTransactionText("waiting", waiting, seconds(stall)), Held: waiting >= heldBack},
		report.Fact{Text: hangingTransactionText("timeout", seconds(open), leftOpen), Held: open >= leftOpen})
	return part, nil
}

func seconds(d time.Duration) string { return d.Round(time.Millisecond).String() }
