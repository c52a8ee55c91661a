package student

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// onBoard is what a scoreboard has written to BOARD_TOPIC, aborted or not.
type onBoard struct {
	records   int
	ended     bool           // the last score of a match is among them
	malformed error          // of the first that is no record of the contract
	plain     bool           // one was written outside of a transaction
	producers map[int64]bool // their ids: a transactional id has one, in all its lives

	open    bool              // a transaction of an earlier life that no later one has aborted
	aborted []int             // ids
	end     event.BoardRecord // the last that is committed

	commits atomic.Bool // offsets were committed outside of a transaction; seen on the embedded cluster only
}

// RunExactlyOnce carries out an experiment with the student's own exactly-once scoreboard, which is to crash in the
// transaction of the event failAt. It is judged by what is in BOARD_TOPIC; the screen is outside of the transaction.
func RunExactlyOnce(ctx context.Context, b *rig.Bench, failAt int) ([]report.Part, error) {
	m, err := match.New(ctx, b)
	if err != nil {
		return nil, err
	}
	s := &student{Board: m.Board("scoreboard", "DELIVERY=exactly-once"), delivery: "exactly-once", failAt: failAt, once: &onBoard{}}
	if b.Embedded != nil {
		b.Embedded.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, When: s.watchCommits})
	}
	if err := s.play(ctx); err != nil {
		return nil, err
	}
	return s.judgeBoard(ctx)
}

// watchCommits notes a commit outside of a transaction, and lets it pass.
func (s *student) watchCommits(request kmsg.Request) bool {
	commit, ok := request.(*kmsg.OffsetCommitRequest)
	if ok && commit.Group == s.Group && len(commit.Topics) > 0 {
		s.once.commits.Store(true)
	}
	return false
}

// read reads the topic anew.
func (o *onBoard) read(ctx context.Context, m *match.Match) error {
	o.records, o.ended, o.malformed = 0, false, nil
	err := m.Read(ctx, m.BoardTopic, sarama.ReadUncommitted, func(msg *sarama.ConsumerMessage) error {
		o.records++
		record, err := event.DecodeBoardRecord(msg.Value)
		var malformed *event.Malformed
		if errors.As(err, &malformed) && o.malformed == nil {
			o.malformed = malformed
		}
		o.ended = o.ended || err == nil && ended(match.Score{TeamA: record.Score.TeamA, TeamB: record.Score.TeamB})
		return nil
	})
	if err != nil || o.records == 0 {
		return err
	}
	o.producers, o.plain, err = kafka.Producers(m.Bench.Client, m.BoardTopic, 0)
	return err
}

// judgeBoard compares BOARD_TOPIC with the match.
func (s *student) judgeBoard(ctx context.Context) ([]report.Part, error) {
	s.strays = s.elsewhere()
	goals, err := s.Match.Goals(ctx)
	if err != nil {
		return nil, err
	}
	part := report.Part{Shown: says("in-board-topic"), Highest: match.Highest(goals)}
	if s.once.malformed != nil { // there is nothing to count
		part.Pending = true
		part.Facts = []report.Fact{{Text: says("board-records"), Held: false}}
		part.Hint = s.hint(part)
		return []report.Part{part}, nil
	}
	o := s.once
	if o.open, err = s.openTransaction(); err != nil {
		return nil, err
	}
	if part.Counted, o.end, err = s.Match.JudgeBoard(ctx, s.Board, goals); err != nil {
		return nil, err
	}
	if o.records > 0 && s.strays == "" && missedStart(part.Counted) < s.failAt {
		if err := s.struck(); err != nil {
			return nil, err
		}
	}
	if o.aborted, err = s.Match.AbortedOnBoard(ctx); err != nil {
		return nil, err
	}
	part.Facts = []report.Fact{
		{Text: says("aborted-first-try", s.failAt), Held: slices.Contains(o.aborted, s.failAt)},
		{Text: says("one-transactional-id"), Held: !o.open && len(o.producers) == 1},
		{Text: says("tally", o.end.Tally.TeamA, o.end.Tally.TeamB), Held: o.end.ID > 0 && o.end.Tally == o.end.Score},
	}
	if s.Match.Bench.Embedded != nil {
		part.Facts = append(part.Facts, report.Fact{Text: says("offsets-in-transactions"), Held: o.records > 0 && !o.plain && !o.commits.Load()})
	}
	if !s.complete() {
		part.Pending = true
		part.Facts = append(part.Facts, report.Fact{Text: says("to-its-end"), Held: false})
	}
	part.Facts = append(part.Facts, s.strayed()...)
	part.Notes = s.notes()
	part.Hint = s.hint(part)
	return []report.Part{part}, nil
}

// openTransaction reports whether a transaction was left open that a later life did not abort.
func (s *student) openTransaction() (bool, error) {
	client := s.Match.Bench.Client
	stable, err := kafka.StableOffset(client, s.Match.BoardTopic, 0)
	if err != nil {
		return false, err
	}
	end, err := client.GetOffset(s.Match.BoardTopic, 0, sarama.OffsetNewest)
	return len(s.seen) > 1 && !s.stuck && stable < end, err
}

// onceHints are tried in this order where the delivery is exactly-once.
var onceHints = []hint{
	{"", func(s *student, _ sight, _ report.Part) bool { return s.strays != "" }, "own-group"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && !first.stopped && first.code != 0 && first.code != rig.Crashed
	}, "error-before-a-score"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.once.records == 0 && first.stopped && !first.joined
	}, "not-in-the-group"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.once.records == 0 }, "once-nothing-written"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.once.malformed != nil }, "once-no-record"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.once.plain }, "once-no-transaction"},
	{"", func(_ *student, _ sight, p report.Part) bool { return missedStart(p.Counted) > 0 }, "first-goals-missed"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.once.commits.Load() }, "once-plain-commit"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.stuck }, "same-event-in-every-life"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.once.open || len(s.once.producers) > 1 }, "once-id-changes"},
	{"", func(s *student, first sight, _ report.Part) bool { return first.committed == 0 }, "once-no-offset"},
	{"", func(s *student, _ sight, _ report.Part) bool { return !slices.Contains(s.once.aborted, s.failAt) }, "once-crash-outside"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.once.end.Tally != s.once.end.Score }, "once-own-tally"},
}

// strayed is the fact that the board reads as a member of its group, where it does not.
func (s *student) strayed() []report.Fact {
	if s.strays == "" {
		return nil
	}
	return []report.Fact{{Text: says("in-its-group"), Held: false}}
}
