package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var txnBatchText = Labs.Texts("txn-batch")

var _ = add(Lab{
	Name:     "txn-batch",
	run:      runTxnBatch,
	Controls: []Control{oneByOne},
})

const (
	waitingMatches = 4   // their events are in the topic before a board begins
	struckBatch    = 100 // TXN_BATCH of the board that crashes
	struckID       = 20
)

func runTxnBatch(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	matches := fmt.Sprint("MATCHES=", waitingMatches)
	p, err := m.Play("PACE=0s", "MATCH_PAUSE=0s", matches)
	if err != nil {
		return nil, err
	}
	if code, err := p.Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "%s ended with exit code %d", p.Name, code)
	}
	events, err := m.Events(ctx)
	if err != nil {
		return nil, err
	}
	var parts []report.Part
	for _, size := range []int{1, 10, 100, 1000} {
		board, err := newBatchBoard(ctx, m, fmt.Sprint("batch-", size), fmt.Sprint("TXN_BATCH=", size), matches)
		if err != nil {
			return nil, err
		}
		part, err := board.follow(ctx, len(events), size)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	board, err := newBatchBoard(ctx, m, "struck", fmt.Sprint("TXN_BATCH=", struckBatch), "MATCHES=1", fmt.Sprint("FAIL_AT_ID=", struckID))
	if err != nil {
		return nil, err
	}
	part, err := board.crash(ctx, events[0].Stream)
	return append(parts, part), err
}

// batchBoard is a board with a topic of its own, whose transactions are counted.
type batchBoard struct {
	*match.Board
	tap *rig.Tap
}

func newBatchBoard(ctx context.Context, m *match.Match, name string, vars ...string) (*batchBoard, error) {
	own := *m
	own.BoardTopic = m.Bench.Name("scoreBoard-" + name)
	if err := m.Bench.Topics(ctx, kafka.Topic{Name: own.BoardTopic, Partitions: 1, Replicas: 3}); err != nil {
		return nil, err
	}
	tap, err := m.Bench.Tap(ctx, name)
	if err != nil {
		return nil, err
	}
	return &batchBoard{own.Board(name, append(vars, "DELIVERY=exactly-once", rig.Through(tap.Proxy))...), tap}, nil
}

// follow lets the board take in all events, and judges it and the number of its transactions.
func (d *batchBoard) follow(ctx context.Context, events, size int) (report.Part, error) {
	if crashes, err := d.Follow(ctx); err != nil || crashes > 0 {
		return report.Part{}, unexpected(err, "%s has crashed", d.Name)
	}
	part, err := d.part(ctx, txnBatchText("title", size), "")
	if err != nil {
		return part, err
	}
	commits, took := d.transactions()
	if err := d.tap.Err(); err != nil {
		return part, err
	}
	// The first events may be taken before all have come to the board; behind them every batch is full.
	most := events/size*3/2 + 3
	if size == 1 {
		most = events
	}
	part.Facts = append(part.Facts, report.Fact{
		Text: txnBatchText("transactions", events, commits, most), Held: commits <= most && (size > 1 || commits == events),
	})
	part.Notes = []service.Text{txnBatchText("rate", float64(events)/took.Seconds(), took.Seconds()*1000/float64(commits))}
	return part, nil
}

// transactions is how many were committed, and the time from the first request to the last commit.
func (d *batchBoard) transactions() (commits int, took time.Duration) {
	var first time.Time
	for _, s := range d.tap.Since(0) {
		if first.IsZero() && s.Key != kmsg.InitProducerID {
			first = s.At
		}
		if s.Accepted(kmsg.EndTxn) && s.Commit {
			commits++
			took = s.At.Sub(first)
		}
	}
	return commits, took
}

// crash lets the board crash in the first match, which it then shows to its end, and judges what that has undone.
func (d *batchBoard) crash(ctx context.Context, first string) (report.Part, error) {
	if crashes, err := d.Follow(ctx); err != nil || crashes != 1 {
		return report.Part{}, unexpected(err, "the board has crashed %d times at id %d", crashes, struckID)
	}
	part, err := d.part(ctx, txnBatchText("title-crash", struckBatch), first)
	if err != nil {
		return part, err
	}
	aborted, err := d.Match.AbortedOnBoard(ctx)
	if err != nil {
		return part, err
	}
	if len(aborted) == 1 {
		return part, &rig.NotRun{Cause: fmt.Sprintf("id %d was alone in its transaction: run it again", struckID)}
	}
	part.Facts = append(part.Facts, report.Fact{
		Text: txnBatchText("aborted", struckID, len(aborted)), Held: slices.Contains(aborted, struckID),
	})
	return part, nil
}

// part is the count of the board's topic, of a match or, without a name, of all.
func (d *batchBoard) part(ctx context.Context, title service.Text, stream string) (report.Part, error) {
	goals, err := d.Match.Goals(ctx)
	if err != nil {
		return report.Part{}, err
	}
	if stream != "" {
		goals = match.OfStream(goals, stream)
	}
	part, err := scoreBoardPart(ctx, d.Match, d.Board, goals)
	part.Title, part.Highest = title, 0 // nothing to draw: where a goal is missing, the line says which
	return part, err
}

var oneByOne = Control{
	Name:    "one-by-one",
	instead: given("batch-100", "TXN_BATCH=1"),
	caught: func(parts []report.Part) bool {
		facts := parts[2].Facts
		return parts[1].Holds() && !facts[len(facts)-1].Held
	},
}
