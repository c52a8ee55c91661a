package match

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
)

// Goal is a goal in the topic, or the end of a match.
type Goal struct {
	verdict.Record
	Score Score
	Ended bool
}

// Goals reads the goals of the match, aborted ones included. The end of the match is left out: it has
// no score line, so nobody could tell whether it was shown. What is no event counts as a message of
// the stream "unreadable", numbered by its offset.
func (m *Match) Goals(ctx context.Context) ([]Goal, error) {
	events, err := m.Events(ctx)
	return slices.DeleteFunc(events, func(g Goal) bool { return g.Ended }), err
}

// Events are the goals and the ends of matches.
func (m *Match) Events(ctx context.Context) ([]Goal, error) {
	committed := map[int64]bool{}
	err := m.Read(ctx, m.Topic, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		committed[msg.Offset] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var goals []Goal
	err = m.Read(ctx, m.Topic, sarama.ReadUncommitted, func(msg *sarama.ConsumerMessage) error {
		record := verdict.Record{Partition: msg.Partition, Offset: msg.Offset, Aborted: !committed[msg.Offset]}
		e, err := event.DecodeScoreEvent(msg.Value)
		var malformed *event.Malformed
		switch {
		case errors.As(err, &malformed):
			record.Message = UnreadableAt(msg.Offset)
			goals = append(goals, Goal{Record: record})
		case err != nil:
			return err
		default:
			record.Message = verdict.Message{Stream: e.Match, Number: e.ID}
			goals = append(goals, Goal{record, Score{TeamA: e.Score.TeamA, TeamB: e.Score.TeamB}, e.Event == event.Finished})
		}
		return nil
	})
	return goals, err
}

// Highest is the id of the last goal.
func Highest(goals []Goal) int {
	id := 0
	for _, g := range goals {
		if g.Stream != report.Unreadable {
			id = max(id, g.Number)
		}
	}
	return id
}

// UnreadableAt names a message that says nothing of itself by where it stands, beginning with 1.
func UnreadableAt(offset int64) verdict.Message {
	return verdict.Message{Stream: report.Unreadable, Number: int(offset) + 1}
}

func (m *Match) Read(ctx context.Context, topic string, isolation sarama.IsolationLevel, take func(*sarama.ConsumerMessage) error) error {
	_, err := kafka.ReadToEnd(ctx, m.Bench.Client, topic, 0, sarama.OffsetOldest, isolation, take)
	return err
}

// OfStream are the goals of one of several matches on a topic.
func OfStream(goals []Goal, stream string) []Goal {
	return slices.DeleteFunc(slices.Clone(goals), func(g Goal) bool { return g.Stream != stream })
}

// Judge compares what a board has shown with what is in the topic. Strange are score lines that no
// record explains. The goals, and the scores, are those of one match: another's has the same scores.
func (m *Match) Judge(ctx context.Context, scores []Score, goals []Goal) (v verdict.Verdict, strange []string, err error) {
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	if run.DeadLetters, err = m.DeadLetters(ctx); err != nil {
		return v, nil, err
	}
	byScore := map[Score]Goal{}
	for _, g := range goals {
		run.Log = append(run.Log, g.Record)
		if known, ok := byScore[g.Score]; !ok || known.Aborted {
			byScore[g.Score] = g
		}
	}
	for _, s := range scores {
		g, ok := byScore[Score{TeamA: s.TeamA, TeamB: s.TeamB}]
		if !ok || g.Stream == report.Unreadable {
			strange = append(strange, s.String())
			continue
		}
		run.Reads = append(run.Reads, verdict.Read{Message: g.Message, Session: s.Session, Aborted: g.Aborted})
	}
	return verdict.Check(run), strange, nil
}

// JudgeBoard compares the topic that an exactly-once board writes, as a reader of committed messages
// sees it, with the match, and the match's committed offset with both. Last is its last record.
func (m *Match) JudgeBoard(ctx context.Context, d *Board, goals []Goal) (v verdict.Verdict, last event.BoardRecord, err error) {
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	for _, g := range goals {
		run.Log = append(run.Log, g.Record)
	}
	err = m.Read(ctx, m.BoardTopic, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		record, err := event.DecodeBoardRecord(msg.Value)
		if err != nil {
			return err
		}
		last = record
		if record.Event == event.Goal {
			run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Stream: record.Match, Number: record.ID}, Session: "scoreBoard"})
		}
		return nil
	})
	if err != nil {
		return v, last, err
	}
	committed, err := m.Bench.Committed(d.Group, m.Topic, 0)
	if err != nil {
		return v, last, err
	}
	run.Commits = map[int32]int64{0: committed}
	return verdict.Check(run), last, nil
}

// AbortedOnBoard are the ids of the goals that are aborted on the board's topic, as often as they are.
func (m *Match) AbortedOnBoard(ctx context.Context) ([]int, error) {
	count := map[int]int{}
	for isolation, n := range map[sarama.IsolationLevel]int{sarama.ReadUncommitted: 1, sarama.ReadCommitted: -1} {
		err := m.Read(ctx, m.BoardTopic, isolation, func(msg *sarama.ConsumerMessage) error {
			record, err := event.DecodeBoardRecord(msg.Value)
			count[record.ID] += n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var ids []int
	for id, n := range count {
		ids = append(ids, slices.Repeat([]int{id}, n)...)
	}
	slices.Sort(ids)
	return ids, nil
}

// Part is the count of one board.
func (m *Match) Part(ctx context.Context, d *Board) (report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return report.Part{}, err
	}
	v, strange, err := m.Judge(ctx, d.Scores(), goals)
	return report.Part{Counted: v, Strange: strange, Highest: Highest(goals)}, err
}

// DeadLetters are the messages that were put aside, as the headers of their letters name them.
func (m *Match) DeadLetters(ctx context.Context) ([]verdict.Message, error) {
	letters := []verdict.Message{}
	err := m.Read(ctx, m.Topic+".dlq", sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		for _, h := range msg.Headers {
			if string(h.Key) == "dlq.offset" {
				offset, err := strconv.ParseInt(string(h.Value), 10, 64)
				if err != nil {
					return fmt.Errorf("dead letter at offset %d: %w", msg.Offset, err)
				}
				letters = append(letters, UnreadableAt(offset))
			}
		}
		return nil
	})
	return letters, err
}
