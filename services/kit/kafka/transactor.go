package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/history"
	"workshop.example/kit/wait"
)

// Transactional is how a producer makes transactions.
type Transactional struct {
	ID      string        // empty: none
	Timeout time.Duration // after which the broker aborts a transaction whose producer is silent
}

// apply puts the choice into conf.
func (t Transactional) apply(conf *sarama.Config) {
	conf.Producer.Idempotent = true
	conf.Producer.RequiredAcks = sarama.WaitForAll
	conf.Producer.Transaction.ID = t.ID
	conf.Producer.Transaction.Timeout = t.Timeout
	// 5 s, not a minute: a transaction that fails is aborted and made again, and a producer that was
	// fenced learns it only when its tries are used up.
	conf.Producer.Retry.Max = 20
	conf.Producer.Retry.Backoff = 250 * time.Millisecond
	// The coordinator answers a commit before it has written every marker, and refuses the next
	// transaction until it has: 5 ms later it accepts. Sarama's 100 ms would halve the rate. The slow
	// tries behind are for a coordinator that died.
	conf.Producer.Transaction.Retry.Max = 80
	conf.Producer.Transaction.Retry.BackoffFunc = func(retries, _ int) time.Duration {
		if retries <= 20 {
			return 5 * time.Millisecond
		}
		return 250 * time.Millisecond
	}
}

// ErrCommitUnknown is a commit that was not answered: the transaction is committed or aborted, whole
// in both cases, but the producer cannot know which.
var ErrCommitUnknown = errors.New("outcome of the commit unknown")

// Transactor makes one transaction after the other under one transactional id. It is for one
// goroutine at a time.
//
// Begin, then Send and AddOffset, then Commit. After an error of any of them call Abort, and make no
// use of what the transaction was to say: it did not happen (after ErrCommitUnknown: nobody knows).
//
// An error that holds a FatalError ends the use of the Transactor. One that holds a TimedOutError does not.
type Transactor struct {
	cluster  Cluster
	client   sarama.Client // for questions; the producer has its own
	conf     *sarama.Config
	largest  int // conf's Producer.MaxMessageBytes at first
	hooks    Hooks
	producer sarama.SyncProducer // nil: given up, and the next could not be made

	state   *sarama.TransactionState // of the id when the producer was made or has aborted; nil: could not be asked for
	began   time.Time                // the transaction
	open    bool                     // it has not ended
	seconds *prometheus.HistogramVec // from its begin to its end, by outcome
	expired bool                     // it has timed out, and its producer is of no use
	lost    *FatalError              // another program has the id, and that was told

	number uint64          // of the transaction, for the history
	end    history.Subject // what its commit is about: an offset, where one was added
}

// NewTransactor connects a producer with a copy of conf and takes the transactional id: another that
// has it is fenced, and a transaction that an earlier life of this program has left open is aborted.
// It tries until ctx ends. An application that reads, transforms and writes makes it before it joins
// its group, or it would meet what that transaction still holds back.
func (c Cluster) NewTransactor(
	ctx context.Context, client sarama.Client, conf *sarama.Config, t Transactional, hooks Hooks,
) (*Transactor, error) {
	if err := awaitCoordinators(ctx, client, t.ID); err != nil {
		if refused := refusal(t.ID, err); refused != nil { // sarama would ask for a quarter of a minute
			hooks.Complete().Failed(refused)
			return nil, &FatalError{refused}
		}
		return nil, err
	}
	own := *conf
	t.apply(&own)
	transactor := &Transactor{cluster: c, client: client, conf: &own, largest: own.Producer.MaxMessageBytes, hooks: hooks.Complete()}
	transactor.seconds = transactionSeconds(transactor.hooks.Metrics)
	return transactor, transactor.renew(ctx)
}

// renew makes a new producer. The broker first ends what the last one has left: aborts an open
// transaction, completes one whose commit it had accepted.
func (t *Transactor) renew(ctx context.Context) error {
	if t.producer != nil {
		wait.CloseWithin(wait.CloseTimeout, t.producer)
		t.producer = nil
	}
	for delay := 50 * time.Millisecond; ; delay = min(delay*2, 2*time.Second) {
		producer, err := Interruptible(ctx, func() (sarama.SyncProducer, error) { return sarama.NewSyncProducer(t.cluster.Brokers, t.conf) })
		if err == nil {
			t.producer, t.expired = producer, false
			t.noteState(ctx)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if refused := refusal(t.conf.Producer.Transaction.ID, err); refused != nil {
			t.hooks.Failed(refused)
			return &FatalError{refused}
		}
		t.hooks.Log.Warn("transactional producer; trying again", "transactional_id", t.conf.Producer.Transaction.ID, "error", err)
		if err := wait.Sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// Begin opens a transaction. Brokers hear of it with the first message. Once another program has the id, each call returns
// that FatalError again: whoever was told of it first may have been leaving, and nobody else would learn it.
func (t *Transactor) Begin(ctx context.Context) error {
	if t.lost != nil {
		return t.lost
	}
	if t.producer == nil || t.expired {
		if err := t.renew(ctx); err != nil {
			return err
		}
	}
	t.began = time.Now()
	t.number++
	t.end = history.Subject{Transaction: t.number, Partition: history.None, Offset: history.None}
	err := t.producer.BeginTxn()
	t.open = err == nil
	return t.explain(ctx, "begin transaction", err)
}

// Send publishes msg inside the transaction: read_committed readers see it after the commit.
func (t *Transactor) Send(ctx context.Context, msg *sarama.ProducerMessage, about history.Subject) error {
	about.Topic, about.Transaction = msg.Topic, t.number
	about.Partition, about.Offset = history.None, history.None
	err := Send(ctx, t.producer, msg, t.hooks.History.Begin(history.Send, about))
	t.fit(ctx, err, msg)
	return t.explain(ctx, "send to "+msg.Topic, err)
}

// SendAll is Send for several at once: they travel together, and it takes one answer's time, not one a
// message. Of an error it is not said which of them it was: the transaction is to be aborted. What the
// messages are about may be nil where they say no more than their topic.
func (t *Transactor) SendAll(ctx context.Context, msgs []*sarama.ProducerMessage, about []history.Subject) error {
	steps := make([]history.Operation, len(msgs))
	for i, msg := range msgs {
		var subject history.Subject
		if about != nil {
			subject = about[i]
		}
		subject.Topic, subject.Transaction = msg.Topic, t.number
		subject.Partition, subject.Offset = history.None, history.None
		steps[i] = t.hooks.History.Begin(history.Send, subject)
	}
	err := await(ctx, wait.Grace, func() error { return t.producer.SendMessages(msgs) })
	for i, msg := range msgs {
		if err == nil {
			steps[i].Stored(msg.Partition, msg.Offset)
		} else {
			steps[i].Unknown(err)
		}
	}
	if failed, ok := errors.AsType[sarama.ProducerErrors](err); ok && len(failed) > 0 {
		err = failed[0].Err // its own text is only how many there are
	}
	t.fit(ctx, err, msgs...)
	return t.explain(ctx, "send to the transaction's topics", err)
}

// AddOffset makes the offset after msg part of the transaction, in the name of the partition's owner (group.Claim has it): a member
// that has lost the partition meanwhile is refused. By the group's name alone it would not be, and its work would be done twice.
// Sarama sends the offset with the commit.
func (t *Transactor) AddOffset(owner *sarama.ConsumerGroupMetadata, msg *sarama.ConsumerMessage) error {
	t.end.Topic, t.end.Partition, t.end.Offset = msg.Topic, msg.Partition, msg.Offset+1
	// Leader epoch -1 is "unknown"; see Commit of group.Claim.
	offsets := map[string][]*sarama.PartitionOffsetMetadata{
		msg.Topic: {{Partition: msg.Partition, Offset: msg.Offset + 1, LeaderEpoch: -1}},
	}
	// Sarama only notes it: nobody is asked before the commit.
	if err := t.producer.AddOffsetsToTxnWithGroupMetadata(offsets, owner); err != nil {
		return fmt.Errorf("add offset to transaction: %w", err)
	}
	return nil
}

// AddOffsetAlone is AddOffset for a reader that is no member of the group. Then only the transactional id keeps two of them apart:
// look up the offset to begin with after NewTransactor, when an earlier holder of the id can commit no more.
func (t *Transactor) AddOffsetAlone(group string, msg *sarama.ConsumerMessage) error {
	return t.AddOffset(sarama.NewConsumerGroupMetadata(group), msg)
}

// Commit makes all that was sent visible, and the offsets valid, at once. It fails with
// ErrCommitUnknown where no answer came.
func (t *Transactor) Commit(ctx context.Context) error {
	step := t.hooks.History.Begin(history.Commit, t.end)
	err := await(ctx, wait.Grace, t.producer.CommitTxn)
	// What can still be aborted was not committed. In any other state the question is open: perhaps the
	// first try was, and only its answer was lost.
	switch {
	case err == nil:
		step.OK()
		t.ended(committed)
	case isFenced(err): // an earlier try may have come through, and only its answer been lost
		step.Unknown(err)
		if err = t.fenced(ctx, "commit transaction", err); t.expired {
			// Not even then is it certain that this transaction was the one that timed out.
			err = fmt.Errorf("%w: %w", ErrCommitUnknown, err)
			t.ended(unknown)
		}
		return err
	case t.producer.TxnStatus()&sarama.ProducerTxnFlagAbortableError == 0:
		err = fmt.Errorf("%w: %w", ErrCommitUnknown, err)
		step.Unknown(err)
		t.ended(unknown)
	default:
		step.Failed(err)
	}
	return t.explain(ctx, "commit transaction", err)
}

// Abort ends a transaction after an error, so that the next can begin: by aborting it where sarama is
// in a state to do so, and with a new producer otherwise. It does nothing where none is open, and where another program has the id. When
// ctx has ended it does not wait: the broker aborts what is silent for TRANSACTION_TIMEOUT.
func (t *Transactor) Abort(ctx context.Context) error {
	defer t.ended(aborted)
	const abortable = sarama.ProducerTxnFlagInTransaction | sarama.ProducerTxnFlagAbortableError | sarama.ProducerTxnFlagFatalError
	if t.lost != nil {
		return nil
	}
	if t.producer != nil && !t.expired {
		status := t.producer.TxnStatus()
		if status&sarama.ProducerTxnFlagReady != 0 {
			return nil
		}
		if status&abortable != 0 { // a fatal state cannot be aborted, but says what was fatal
			step := t.hooks.History.Begin(history.Abort, history.Subject{Transaction: t.number, Partition: history.None, Offset: history.None})
			err := await(ctx, time.Second, t.producer.AbortTxn)
			if err == nil {
				step.OK()
				t.noteState(ctx) // after an error sarama takes a new epoch at the abort
				return nil
			}
			step.Unknown(err)
			if isFenced(err) {
				// A transaction that has timed out is aborted already.
				if err := t.fenced(ctx, "abort transaction", err); !t.expired {
					return err
				}
			}
			t.hooks.Log.Warn("the transaction could not be aborted; making a new producer", "error", err)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return t.renew(ctx)
}

// explain adds what was being done, and finds out why where the producer was fenced.
func (t *Transactor) explain(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case isFenced(err):
		return t.fenced(ctx, doing, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// Close waits a moment for the producer's connections to end. It commits and aborts nothing.
func (t *Transactor) Close() {
	if t.producer != nil {
		wait.CloseWithin(wait.CloseTimeout, t.producer)
	}
}
