package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/service"
	"workshop.example/kit/wire"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/student"
)

var exactlyOnceText = Labs.Texts("exactly-once")

var exactlyOnce = add(Lab{
	Name: "exactly-once",
	Pace: 100 * time.Millisecond, Student: []string{student.Scoreboard},
	ByHand: theMatch,
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		if b.Student.Role != "" {
			return student.RunExactlyOnce(ctx, b, failAt)
		}
		return runExactlyOnce(ctx, b, strikes)
	},
	Controls: []Control{readsOnAfterAbort},
})

// strike is where a life of the board ends.
type strike struct {
	id int
	// at is what the board is held at, to be killed; nil: it crashes by itself, with FAIL_AT_ID.
	at func(rig.Step) bool
	// struck reports whether the steps of the transaction that the life ended in are those of this point.
	struck func(last []rig.Step) bool
	proof  service.Text

	tried  bool // a first try of the event is in scoreBoard, aborted
	unseen bool // the event is committed, and its line never came out
}

var strikes = []strike{
	{
		id:     5,
		at:     func(s rig.Step) bool { return s.Is(kmsg.AddPartitionsToTxn, false) },
		struck: func(last []rig.Step) bool { return !anyStep(last, kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn) },
		proof:  exactlyOnceText("proof-5"),
	},
	{
		id: 10,
		struck: func(last []rig.Step) bool {
			return acceptedStep(last, kmsg.Produce) && !anyStep(last, kmsg.TxnOffsetCommit, kmsg.EndTxn)
		},
		proof: exactlyOnceText("proof-10"),
		tried: true,
	},
	{
		id: 15,
		at: func(s rig.Step) bool { return s.Accepted(kmsg.TxnOffsetCommit) && s.Offset == 15 },
		struck: func(last []rig.Step) bool {
			return acceptedStep(last, kmsg.Produce) && acceptedStep(last, kmsg.TxnOffsetCommit) && !anyStep(last, kmsg.EndTxn)
		},
		proof: exactlyOnceText("proof-15"),
		tried: true,
	},
	{
		id: 20,
		at: func(s rig.Step) bool { return s.Accepted(kmsg.EndTxn) && s.Commit },
		struck: func(last []rig.Step) bool {
			return acceptedStep(last, kmsg.TxnOffsetCommit) && acceptedStep(last, kmsg.EndTxn)
		},
		proof:  exactlyOnceText("proof-20"),
		unseen: true,
	},
}

func anyStep(steps []rig.Step, keys ...kmsg.Key) bool {
	return slices.ContainsFunc(steps, func(s rig.Step) bool { return slices.Contains(keys, s.Key) })
}

func acceptedStep(steps []rig.Step, key kmsg.Key) bool {
	return slices.ContainsFunc(steps, func(s rig.Step) bool { return s.Accepted(key) })
}

// runExactlyOnce plays a match in which the board is struck at these points, in the order of their ids.
func runExactlyOnce(ctx context.Context, b *rig.Bench, strikes []strike) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	t, err := b.Tap(ctx, "scoreboard")
	if err != nil {
		return nil, err
	}
	vars := []string{"DELIVERY=exactly-once", rig.Through(t.Proxy)}
	for _, s := range strikes {
		if s.at == nil {
			vars = append(vars, fmt.Sprint("FAIL_AT_ID=", s.id))
		}
	}
	if _, err := m.Play(); err != nil {
		return nil, err
	}
	board := m.Board("scoreboard", vars...)
	for _, s := range strikes {
		if err := strikeBoard(ctx, board, t, s); err != nil {
			return nil, err
		}
	}
	p, err := board.Start()
	if err != nil {
		return nil, err
	}
	if code, err := p.Wait(ctx); err != nil || code != 0 {
		return nil, unexpected(err, "after the last crash the board ended with exit code %d", code)
	}
	return judgeExactlyOnce(ctx, m, board, strikes)
}

// strikeBoard starts a life of the board and ends it at the point. An error says that it was not there.
func strikeBoard(ctx context.Context, d *match.Board, t *rig.Tap, s strike) error {
	if s.at != nil {
		t.HoldAt(func(at rig.Step) bool { return at.Event == s.id && s.at(at) })
	}
	p, err := d.Start()
	if err != nil {
		return err
	}
	code := -1
	if s.at == nil {
		if code, err = p.Wait(ctx); err != nil || code != rig.Crashed {
			return unexpected(err, "the board was to crash at id %d, and ended with exit code %d", s.id, code)
		}
	} else {
		h, err := t.Caught(ctx, p, fmt.Sprintf("it was to be killed at id %d", s.id))
		if err != nil {
			return err
		}
		p.Kill()
		h.Release(wire.Cut)
	}
	last := lastTry(t.Since(0), s.id)
	if err := t.Err(); err != nil {
		return err
	}
	if !s.struck(last) || slices.ContainsFunc(last, func(at rig.Step) bool { return !about(at, s.id) }) {
		return &rig.NotRun{Cause: fmt.Sprintf("the board did not end where it was to, at id %d", s.id)}
	}
	d.SayRestart(code)
	return nil
}

// lastTry are the steps of the last transaction that was to take in an event, whatever was aborted before.
func lastTry(steps []rig.Step, id int) []rig.Step {
	var last []rig.Step
	for _, s := range steps {
		switch {
		case s.Event != id:
		case s.Key == kmsg.InitProducerID || s.Key == kmsg.EndTxn && !s.Commit:
			last = nil
		default:
			last = append(last, s)
		}
	}
	return last
}

// about reports that the content of a step does not speak against its being of an event.
func about(s rig.Step, id int) bool {
	return !slices.ContainsFunc(s.Events, func(e rig.Sent) bool { return e.ID != id }) && (s.Offset == 0 || s.Offset == int64(id))
}

// unexpected is err, or what happened instead of what the experiment needs.
func unexpected(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return &rig.NotRun{Cause: fmt.Sprintf(format, args...)}
}

func judgeExactlyOnce(ctx context.Context, m *match.Match, board *match.Board, strikes []strike) ([]report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	topic, err := scoreBoardPart(ctx, m, board, goals)
	if err != nil {
		return nil, err
	}
	screen, err := m.Part(ctx, board)
	if err != nil {
		return nil, err
	}
	screen.Title, screen.Pending = exactlyOnceText("title-screen"), true
	aborted, err := m.AbortedOnBoard(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range strikes {
		topic.Facts = append(topic.Facts, report.Fact{Text: s.proof, Held: true}) // or there would be no verdict
		if s.tried {
			topic.Facts = append(topic.Facts, report.Fact{Text: exactlyOnceText("aborted", s.id), Held: slices.Contains(aborted, s.id)})
		}
		if s.unseen {
			screen.Want.Lost = append(screen.Want.Lost, s.id)
		}
	}
	return []report.Part{topic, screen}, nil
}

// scoreBoardPart is the count of the topic that exactly-once boards write.
func scoreBoardPart(ctx context.Context, m *match.Match, board *match.Board, goals []match.Goal) (report.Part, error) {
	v, last, err := m.JudgeBoard(ctx, board, goals)
	return report.Part{
		Title: exactlyOnceText("title-topic"), Shown: exactlyOnceText("shown"),
		Counted: v, Highest: match.Highest(goals),
		Facts: []report.Fact{{Text: exactlyOnceText("tally", last.Tally.TeamA, last.Tally.TeamB), Held: last.ID > 0 && last.Tally == last.Score}},
	}, err
}

// abortedID is the event whose transaction is refused once in the control.
const abortedID = 8

var readsOnAfterAbort = Control{
	Name:     "read-on-after-abort",
	Embedded: true, pace: 20 * time.Millisecond,
	// Without the kills: this board does not come back to where it was.
	run:     func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return runExactlyOnce(ctx, b, nil) },
	instead: broken("read-on-after-abort"),
	fault: func() kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownMemberID, Count: 1, When: func(req kmsg.Request) bool {
			return req.(*kmsg.TxnOffsetCommitRequest).Topics[0].Partitions[0].Offset == abortedID
		}}
	},
	caught: func(parts []report.Part) bool {
		return slices.Equal(report.Numbers(parts[0].Counted.Missing), []int{abortedID})
	},
}
