package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
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

// onceOnly is what exactly-once needs beside the board: the transactions, and how far BOARD_TOPIC is
// known, by partition.
type onceOnly struct {
	*kafka.Transactor
	client sarama.Client
	topic  string
	next   map[int32]int64 // position behind what was read of BOARD_TOPIC
	taken  map[int32]int64 // offset in TOPIC of the last event that this board knows to be committed
}

// newOnceOnly takes the transactional id. That aborts what a crash has left open: later, in a group,
// the offset that it holds back would be waited for.
func newOnceOnly(ctx context.Context, cfg config, client sarama.Client, p *service.Process) (*onceOnly, error) {
	sources, err := client.Partitions(cfg.topic)
	if err != nil {
		return nil, fmt.Errorf("partitions of %s: %w", cfg.topic, err)
	}
	boards, err := client.Partitions(cfg.boardTopic)
	if err != nil {
		return nil, fmt.Errorf("partitions of %s: %w", cfg.boardTopic, err)
	}
	if len(boards) < len(sources) {
		return nil, fmt.Errorf("BOARD_TOPIC %s has %d partitions, and TOPIC %s has %d: each needs its own",
			cfg.boardTopic, len(boards), cfg.topic, len(sources))
	}
	conf := *client.Config()
	conf.Producer.MaxMessageBytes = kafka.DefaultMaxMessageBytes + kafka.DeadLetterRoom
	// The board of a partition goes to the partition of the same number: whoever owns the one finds
	// there all that has come of it, also where events have no key.
	conf.Producer.Partitioner = func(topic string) sarama.Partitioner {
		if topic == cfg.boardTopic {
			return sarama.NewManualPartitioner(topic)
		}
		return sarama.NewMurmur2Partitioner(topic)
	}
	transactor, err := cfg.cluster.NewTransactor(ctx, client, &conf, cfg.transactional, lines.Hooks(p))
	if err != nil {
		return nil, err
	}
	return &onceOnly{Transactor: transactor, client: client, topic: cfg.boardTopic, next: map[int32]int64{}, taken: map[int32]int64{}}, nil
}
