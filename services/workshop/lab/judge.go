package lab

import (
	"context"
	"errors"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/verdict"
)

// Goal is a goal in the topic.
type Goal struct {
	verdict.Record
	Score Score
}

// Goals reads the goals of the match, aborted ones included. The end of the match is left out: it has
// no score line, so nobody could tell whether it was shown. What is no event counts as a message of
// the stream "unreadable", numbered by its offset.
func (m *Match) Goals(ctx context.Context) ([]Goal, error) {
	committed := map[int64]bool{}
	err := m.read(ctx, m.Topic, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		committed[msg.Offset] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var goals []Goal
	err = m.read(ctx, m.Topic, sarama.ReadUncommitted, func(msg *sarama.ConsumerMessage) error {
		record := verdict.Record{Partition: msg.Partition, Offset: msg.Offset, Aborted: !committed[msg.Offset]}
		e, err := event.DecodeScoreEvent(msg.Value)
		var malformed *event.Malformed
		switch {
		case errors.As(err, &malformed):
			record.Message = unreadable(msg.Offset)
			goals = append(goals, Goal{Record: record})
		case err != nil:
			return err
		case e.Event == event.Goal:
			record.Message = verdict.Message{Stream: e.Match, Number: e.ID}
			goals = append(goals, Goal{record, Score{TeamA: e.Score.TeamA, TeamB: e.Score.TeamB}})
		}
		return nil
	})
	return goals, err
}

const unreadableStream = "unreadable"

// highest is the id of the last goal.
func highest(goals []Goal) int {
	id := 0
	for _, g := range goals {
		if g.Stream != unreadableStream {
			id = max(id, g.Number)
		}
	}
	return id
}

// unreadable names a message that says nothing of itself by where it stands, beginning with 1.
func unreadable(offset int64) verdict.Message {
	return verdict.Message{Stream: unreadableStream, Number: int(offset) + 1}
}

func (m *Match) read(ctx context.Context, topic string, isolation sarama.IsolationLevel, take func(*sarama.ConsumerMessage) error) error {
	_, err := kafka.ReadToEnd(ctx, m.bench.Client, topic, 0, sarama.OffsetOldest, isolation, take)
	return err
}

// Judge compares what the board has shown with what is in the topic. Strange are score lines that no
// record explains.
func (m *Match) Judge(ctx context.Context, d *Board, goals []Goal) (v verdict.Verdict, strange []Score, err error) {
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
	for _, s := range d.Scores() {
		g, ok := byScore[Score{TeamA: s.TeamA, TeamB: s.TeamB}]
		if !ok || g.Stream == unreadableStream {
			strange = append(strange, s)
			continue
		}
		run.Reads = append(run.Reads, verdict.Read{Message: g.Message, Session: s.Session, Aborted: g.Aborted})
	}
	return verdict.Check(run), strange, nil
}

// JudgeBoard compares the topic that an exactly-once board writes, as a reader of committed messages
// sees it, with the match, and the match's committed offset with both.
func (m *Match) JudgeBoard(ctx context.Context, d *Board, goals []Goal) (v verdict.Verdict, err error) {
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	for _, g := range goals {
		run.Log = append(run.Log, g.Record)
	}
	err = m.read(ctx, m.bench.Name("scoreBoard"), sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		record, err := event.DecodeBoardRecord(msg.Value)
		if err == nil && record.Event == event.Goal {
			run.Reads = append(run.Reads, verdict.Read{Message: verdict.Message{Stream: record.Match, Number: record.ID}, Session: "scoreBoard"})
		}
		return err
	})
	if err != nil {
		return v, err
	}
	committed, err := m.bench.Committed(d.Group, m.Topic, 0)
	if err != nil {
		return v, err
	}
	run.Commits = map[int32]int64{0: committed}
	return verdict.Check(run), nil
}
