package scoreboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

// batchAge is how long an event may wait for others to join its transaction.
const batchAge = 100 * time.Millisecond

// exactlyOnce writes the board after an event to BOARD_TOPIC and commits the event in one
// transaction: both are there, or neither. A crash before the commit does the event again and nobody
// has seen the first try; a crash after it goes on with the next. Only the screen is outside: it
// shows an event after its commit, so that a crash between the two leaves a line out.
//
// A transaction costs some milliseconds, whatever is in it. With TXN_BATCH above 1 the events that are
// waiting share one, up to so many: a crash then does all of them again.
//
// Any error ends the session: the group is joined again and goes on from the committed offset.
// Reading on would leave out the events whose transaction was aborted.
func (r *reader) exactlyOnce(ctx context.Context, claim *group.Claim) error {
	if err := r.resume(claim.Context(), claim.Partition()); err != nil {
		return err
	}
	if r.complete() {
		return group.ErrDone
	}
	var batch []*sarama.ConsumerMessage
	var first time.Time
	for msg := range claim.Messages() {
		if len(batch) == 0 {
			first = time.Now()
		}
		batch = append(batch, msg)
		if len(batch) < r.once.batch && !claim.Idle() && time.Since(first) < batchAge {
			continue
		}
		if err := r.transact(ctx, claim, batch); err != nil {
			return err
		}
		batch = batch[:0]
		if r.complete() {
			return group.ErrDone
		}
	}
	return nil // what has no transaction yet is read again
}

// transact takes in events, in one transaction: up to the one that completes the board. Partitions wait
// for each other, as a producer has one transaction at a time.
func (r *reader) transact(ctx context.Context, claim *group.Claim, msgs []*sarama.ConsumerMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.board.clone() // should the commit fail, the board has never seen the events
	var outcomes []outcome
	for _, msg := range msgs {
		out, err := r.outcome(next, msg)
		if err != nil {
			return err
		}
		if outcomes = append(outcomes, out); r.completes(next) {
			break
		}
	}
	msgs = msgs[:len(outcomes)]
	if err := r.write(ctx, claim, msgs, outcomes); err != nil {
		return errors.Join(err, r.once.Abort(ctx))
	}
	r.board = next
	r.once.taken[claim.Partition()] = msgs[len(msgs)-1].Offset
	for _, out := range outcomes {
		if err := out.tell(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) write(ctx context.Context, claim *group.Claim, msgs []*sarama.ConsumerMessage, outcomes []outcome) error {
	if err := r.once.Begin(ctx); err != nil {
		return err
	}
	var send []*sarama.ProducerMessage
	var about []history.Subject
	for _, out := range outcomes {
		send, about = append(send, out.message), append(about, out.about)
	}
	if err := r.once.SendAll(ctx, send, about); err != nil {
		return err
	}
	if err := r.once.AddOffset(claim.GroupMetadata(), msgs[len(msgs)-1]); err != nil {
		return err
	}
	for _, msg := range msgs {
		if err := r.crash.at(msg); err != nil {
			return err
		}
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

// outcome brings an event to a board. A message that cannot be read leads to a dead letter in the same
// transaction: it is there once too, and the match goes on.
func (r *reader) outcome(next *board, msg *sarama.ConsumerMessage) (outcome, error) {
	e, err := event.DecodeScoreEvent(msg.Value)
	if malformed, ok := errors.AsType[*event.Malformed](err); ok {
		letter, err := r.letters.Letter(msg, malformed)
		return outcome{letter, history.Subject{}, func() error { r.letters.Told(msg, malformed); return nil }}, err
	}
	if err != nil {
		return outcome{}, err
	}
	lines := next.take(e)
	value, err := json.Marshal(next.record(e, msg.Partition, msg.Offset))
	if err != nil {
		return outcome{}, fmt.Errorf("encode the board after id %d: %w", e.ID, err)
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
	return outcome{record, subjectOf(e, msg), func() error { return r.print(e, msg, lines) }}, nil
}

// onceOnly is what exactly-once needs beside the board: the transactions, and how far BOARD_TOPIC is
// known, by partition.
type onceOnly struct {
	*kafka.Transactor
	client sarama.Client
	topic  string
	batch  int             // events in a transaction at most
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
	return &onceOnly{
		Transactor: transactor, client: client, topic: cfg.boardTopic, batch: int(cfg.batch),
		next: map[int32]int64{}, taken: map[int32]int64{},
	}, nil
}
