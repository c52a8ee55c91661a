package scoresimulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
)

// patience is how long a transaction is made again, as long as a plain event's own retries take: longer
// than the election of a leader.
const patience = time.Minute

// transact publishes one message in a transaction of its own. A transaction that failed and is
// aborted is made again: nobody has seen it. One whose commit was not answered is not, or the goal
// could count twice.
func (s *simulator) transact(ctx context.Context, msg *sarama.ProducerMessage, about history.Subject) error {
	for began := time.Now(); ; {
		err := s.tryTransaction(ctx, msg, about)
		if err == nil {
			return nil
		}
		aborted := s.transactor.Abort(ctx)
		var fatal *kafka.FatalError
		if aborted != nil || errors.As(err, &fatal) || isUnknown(err) || ctx.Err() != nil || time.Since(began) > patience {
			return errors.Join(err, aborted)
		}
		s.process.Log.Warn("transaction aborted; making it again", "error", err)
		msg = &sarama.ProducerMessage{Topic: msg.Topic, Key: msg.Key, Value: msg.Value} // without sarama's own notes
	}
}

func (s *simulator) tryTransaction(ctx context.Context, msg *sarama.ProducerMessage, about history.Subject) error {
	if err := s.transactor.Begin(ctx); err != nil {
		return err
	}
	if err := s.transactor.Send(ctx, msg, about); err != nil {
		return err
	}
	return s.transactor.Commit(ctx)
}

// isUnknown reports whether the message may be in the log, and may be not.
func isUnknown(err error) bool {
	return errors.Is(err, kafka.ErrUnknown) || errors.Is(err, kafka.ErrCommitUnknown)
}

// abortGhost sends a goal that never was and aborts it: it is in the log, and only read_uncommitted shows it.
func (s *simulator) abortGhost(ctx context.Context, e event.ScoreEvent) error {
	ghost := ghostOf(e)
	msg, value, err := s.message(ghost)
	if err != nil {
		return err
	}
	s.process.Out.Print(s.words.ghost, string(value))
	err = s.transactor.Begin(ctx)
	if err == nil {
		err = s.transactor.Send(ctx, msg, s.about(e))
	}
	var fatal *kafka.FatalError
	if err != nil && !errors.As(err, &fatal) && ctx.Err() == nil {
		s.process.Log.Warn("ghost goal not sent", "id", e.ID, "error", err)
		err = nil // it was to come to nothing
	}
	if err := errors.Join(err, s.transactor.Abort(ctx)); err != nil {
		return fmt.Errorf("ghost goal %d of match %s: %w", e.ID, e.Match, err)
	}
	return nil
}

// ghostOf is the goal that the other team might have scored instead.
func ghostOf(e event.ScoreEvent) event.ScoreEvent {
	if e.Team == event.TeamA {
		e.Team = event.TeamB
		e.Score.TeamA--
		e.Score.TeamB++
	} else {
		e.Team = event.TeamA
		e.Score.TeamB--
		e.Score.TeamA++
	}
	return e
}
