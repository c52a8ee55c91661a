package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka/group"
)

// exactlyOnce writes the board after an event to BOARD_TOPIC and commits the event in one
// transaction: both are there, or neither. A crash before the commit does the event again and nobody
// has seen the first try; a crash after it goes on with the next. Only the screen is outside: it
// shows an event after its commit, so that a crash between the two leaves a line out.
//
// Any error ends the session: the group is joined again and goes on from the committed offset.
// Reading on would leave out the event whose transaction was aborted.
func (r *reader) exactlyOnce(ctx context.Context, claim *group.Claim) error {
	if err := r.resume(claim.Context(), claim.Partition()); err != nil {
		return err
	}
	if r.complete() {
		return group.ErrDone
	}
	for msg := range claim.Messages() {
		if err := r.transact(ctx, claim, msg); err != nil {
			return err
		}
		if r.complete() {
			return group.ErrDone
		}
	}
	return nil
}

// transact takes in one event, in one transaction. Partitions wait for each other: a producer has
// one transaction at a time.
func (r *reader) transact(ctx context.Context, claim *group.Claim, msg *sarama.ConsumerMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	// On a copy: should the commit fail, the board has never seen the event.
	next, out, err := r.outcome(msg)
	if err != nil {
		return err
	}
	if err := r.write(ctx, claim, msg, out); err != nil {
		return errors.Join(err, r.once.Abort(ctx))
	}
	r.board = next
	r.once.taken[msg.Partition] = msg.Offset
	return out.tell()
}

func (r *reader) write(ctx context.Context, claim *group.Claim, msg *sarama.ConsumerMessage, out outcome) error {
	if err := r.once.Begin(ctx); err != nil {
		return err
	}
	if err := r.once.Send(ctx, out.message, out.about); err != nil {
		return err
	}
	if err := r.once.AddOffset(claim.GroupMetadata(), msg); err != nil {
		return err
	}
	if err := r.crash.at(msg); err != nil {
		return err
	}
	return r.once.Commit(ctx)
}

// outcome is what one message leads to: a message to send, what that is about, and what to tell once
// it is committed.
type outcome struct {
	message *sarama.ProducerMessage
	about   history.Subject
	tell    func() error
}

// outcome works on a copy of the board and returns it. A message that cannot be read leads to a dead
// letter in the same transaction: it is there once too, and the match goes on.
func (r *reader) outcome(msg *sarama.ConsumerMessage) (*board, outcome, error) {
	next := r.board.clone()
	e, err := event.DecodeScoreEvent(msg.Value)
	var malformed *event.Malformed
	if errors.As(err, &malformed) {
		letter, err := r.letters.Letter(msg, malformed)
		return next, outcome{letter, history.Subject{}, func() error { r.letters.Told(msg, malformed); return nil }}, err
	}
	if err != nil {
		return nil, outcome{}, err
	}
	lines := next.take(e)
	value, err := json.Marshal(next.record(e, msg.Partition, msg.Offset))
	if err != nil {
		return nil, outcome{}, fmt.Errorf("encode the board after id %d: %w", e.ID, err)
	}
	record := &sarama.ProducerMessage{
		Topic: r.once.topic, Partition: msg.Partition, Value: sarama.ByteEncoder(value),
	}
	switch {
	case e.Match != "":
		record.Key = sarama.StringEncoder(e.Match)
	case msg.Key != nil:
		record.Key = sarama.ByteEncoder(msg.Key)
	}
	return next, outcome{record, subjectOf(e, msg), func() error { return r.print(e, msg, lines) }}, nil
}
