package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// A producer is fenced (PRODUCER_FENCED, INVALID_PRODUCER_EPOCH) when its coordinator knows the transactional
// id with a higher epoch than it has. Two things raise the epoch, and the answer is the same:
//
//   - Another program has taken the id. This one has to end.
//   - The coordinator itself, when it aborts a transaction that was open for longer than
//     TRANSACTION_TIMEOUT, such as over an outage of the brokers. This one may take the id again.
//
// The coordinator's state of the transaction tells them apart (KIP-664). A time-out raises the epoch by one and
// leaves the transaction as aborted. A program that takes the id leaves it empty, and raises the epoch
// once more if it had to abort first.

// TimedOutError is a transaction that its coordinator has aborted because it was open for longer than
// TRANSACTION_TIMEOUT. Nothing of it is visible, and nobody else has taken the transactional id: after Abort
// the next transaction can begin.
type TimedOutError struct {
	ID    string // transactional
	Doing string // what was refused for that reason
	Open  time.Duration
	Limit time.Duration // TRANSACTION_TIMEOUT
}

func (e *TimedOutError) Error() string {
	return fmt.Sprintf("%s: the transaction was open for %s, longer than TRANSACTION_TIMEOUT (%s), and its coordinator has aborted it",
		e.Doing, e.Open.Round(time.Second), e.Limit)
}

// FencedError says that the transactional id belongs to another program now.
type FencedError struct {
	ID    string
	Doing string // what was refused for that reason
	// Unsure is set where it may as well be a transaction that timed out: the coordinator could not say.
	Unsure bool
	Err    error // ErrProducerFenced or ErrInvalidProducerEpoch
}

func (e *FencedError) Error() string {
	cause := fmt.Sprintf("another program has started with TRANSACTIONAL_ID %q", e.ID)
	if e.Unsure {
		cause += ", or a transaction was open for longer than TRANSACTION_TIMEOUT"
	}
	return fmt.Sprintf("fenced: %s (%s: %s)", cause, e.Doing, fencedName(e.Err))
}
func (e *FencedError) Unwrap() error { return e.Err }

// isFenced reports whether the producer's epoch is over.
func isFenced(err error) bool {
	return errors.Is(err, sarama.ErrProducerFenced) || errors.Is(err, sarama.ErrInvalidProducerEpoch)
}

// fencedName is Kafka's name for the error. Sarama prints the first of the two as "Unknown error".
func fencedName(err error) string {
	if errors.Is(err, sarama.ErrProducerFenced) {
		return "PRODUCER_FENCED"
	}
	return "INVALID_PRODUCER_EPOCH"
}

// fenced reports why the producer was fenced, and returns a TimedOutError where it can go on with a new producer.
// A FencedError is fatal: a new producer would take the id back, and the two programs would fence each other for ever.
func (t *Transactor) fenced(ctx context.Context, doing string, err error) error {
	id, limit := t.conf.Producer.Transaction.ID, t.conf.Producer.Transaction.Timeout
	// By the wall clock, as the coordinator counts: a laptop's other clock stands still while it sleeps.
	open := time.Since(t.began.Round(0))
	switch {
	case open < limit: // fenced sooner than the coordinator could give up
	case t.isTimedOut(ctx):
		t.expired = true
		timedOut := &TimedOutError{ID: id, Doing: doing, Open: open, Limit: limit}
		t.hooks.Failed(timedOut)
		return timedOut
	}
	fenced := &FencedError{ID: id, Doing: doing, Unsure: open >= limit, Err: err}
	t.hooks.Failed(fenced)
	t.lost = &FatalError{fenced}
	return t.lost
}

// noteState remembers the epoch of the producer that was just made, or has just aborted.
func (t *Transactor) noteState(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	var err error
	if t.state, err = t.describe(ctx); err != nil {
		t.hooks.Log.Debug("the transactional id cannot be described: a transaction that times out will look like another program's start",
			"transactional_id", t.conf.Producer.Transaction.ID, "error", err)
	}
}

const (
	// stateTimeout is how long the coordinator has to describe a transaction.
	stateTimeout = 10 * time.Second
	// abortTimeout is how long it has to abort one that has timed out. It tries every 10 s by default
	// (transaction.abort.timed.out.transaction.cleanup.interval.ms).
	abortTimeout = 30 * time.Second
)

// isTimedOut reports whether the coordinator has aborted the transaction by itself, and nobody has taken the
// transactional id since. Where it cannot be asked (before Kafka 3.0) the answer is no.
//
// A program that takes the id while a transaction is open passes through the same state. It then raises the
// epoch again, and fences the producer that was made here, whose transactions are young: that one ends.
func (t *Transactor) isTimedOut(ctx context.Context) bool {
	if t.state == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, abortTimeout)
	defer cancel()
	for {
		now, err := t.describe(ctx)
		if err != nil || now.ProducerID != t.state.ProducerID || now.ProducerEpoch != t.state.ProducerEpoch+1 {
			return false
		}
		switch now.TransactionState {
		case "CompleteAbort":
			return true
		case "Ongoing", "PrepareEpochFence", "PrepareAbort":
			// Ongoing with a raised epoch: the coordinator wants to abort it, and cannot store that yet, as too few
			// replicas are in sync. That is how it is for some seconds when brokers come back.
		default:
			return false
		}
		if wait.Sleep(ctx, 50*time.Millisecond) != nil {
			return false
		}
	}
}

// describe asks the coordinator for the state of the transactional id, until one answers or ctx ends.
func (t *Transactor) describe(ctx context.Context) (*sarama.TransactionState, error) {
	id := t.conf.Producer.Transaction.ID
	for {
		state, err := Interruptible(ctx, func() (*sarama.TransactionState, error) {
			coordinator, err := t.client.TransactionCoordinator(id)
			if err != nil {
				return nil, err
			}
			resp, err := coordinator.DescribeTransactions(&sarama.DescribeTransactionsRequest{TransactionalIDs: []string{id}})
			switch {
			case err != nil:
				coordinator.Close() // or the next try would use the same broken connection
				return nil, err
			case len(resp.TransactionStates) != 1:
				return nil, errors.New("the coordinator's answer leaves the transactional id out")
			case resp.TransactionStates[0].ErrorCode != sarama.ErrNoError:
				return nil, resp.TransactionStates[0].ErrorCode
			}
			return &resp.TransactionStates[0], nil
		})
		final := errors.Is(err, sarama.ErrUnsupportedVersion) || errors.Is(err, sarama.ErrTransactionalIDAuthorizationFailed)
		if err == nil || ctx.Err() != nil || final {
			return state, err
		}
		// An error here shows in the next try.
		_ = t.client.RefreshTransactionCoordinator(id)
		if wait.Sleep(ctx, 100*time.Millisecond) != nil {
			return nil, err
		}
	}
}
