package group

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// Claim is one partition during one session of a group.
type Claim struct {
	life      context.Context // ends when the process is to stop, or the client is given up
	group     *Consumer
	client    sarama.Client
	session   sarama.ConsumerGroupSession
	claim     sarama.ConsumerGroupClaim
	partition int32
	messages  <-chan *sarama.ConsumerMessage

	marked        atomic.Int64 // offset of the next message to handle; -1 before the first Mark
	pending       int          // marked since the last commit
	failed        error        // of a commit that was given up
	handlingSince atomic.Int64 // Unix milliseconds; 0 while waiting for a message
}

func newClaim(life context.Context, g *Consumer, session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) *Claim {
	c := &Claim{
		life: life, group: g, client: g.client(), session: session,
		claim: claim, partition: claim.Partition(), messages: claim.Messages(),
	}
	c.marked.Store(-1)
	return c
}

// Partition is the partition's number.
func (c *Claim) Partition() int32 { return c.partition }

// Context ends with the session. It is for what a handler waits for before its first message; the
// work on a message outlives the session, and has the handler's own context.
func (c *Claim) Context() context.Context { return c.session.Context() }

// GroupMetadata says on whose behalf an offset is committed inside a transaction: which member of the
// group, in which generation. A handler that commits so (see Transactor) neither marks nor commits
// here, and then nothing else commits for it.
func (c *Claim) GroupMetadata() *sarama.ConsumerGroupMetadata {
	var instance *string
	if id := c.group.Member.InstanceID; id != "" {
		instance = &id
	}
	return sarama.NewConsumerGroupMetadataFromSession(c.session, c.group.Member.Group, instance)
}

// Messages yields messages until the session ends: at a rebalance, when the process is to stop, or
// when another partition's handler returned. It watches the session besides sarama's channel,
// because messages that were fetched before a rebalance belong to the partition's next owner.
//
// While no message comes it commits behind markers of transactions: see passMarkers.
func (c *Claim) Messages() iter.Seq[*sarama.ConsumerMessage] { return c.MessagesOr(0) }

// MessagesOr is Messages with a nil in between at every interval, for what has to be done on time.
func (c *Claim) MessagesOr(interval time.Duration) iter.Seq[*sarama.ConsumerMessage] {
	return func(yield func(*sarama.ConsumerMessage) bool) {
		var passed <-chan time.Time
		if interval > 0 {
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			passed = ticker.C
		}
		quiet := time.NewTimer(markersEvery)
		defer quiet.Stop()
		ended := c.session.Context().Done()
		for {
			select {
			case <-ended: // first, as select picks at random where both are ready
				return
			default:
			}
			select {
			case <-ended:
				return
			case <-passed:
				if !yield(nil) {
					return
				}
			case <-quiet.C:
				c.passMarkers()
				if c.failed != nil { // no commit may follow: a message would be handled twice
					return
				}
				quiet.Reset(markersEvery)
			case msg, ok := <-c.messages:
				if !ok {
					return
				}
				c.handlingSince.Store(time.Now().UnixMilli())
				c.group.Hooks.History.Note(history.Deliver, history.OK, kafka.Place(msg))
				if !yield(msg) {
					return
				}
				c.handlingSince.Store(0)
				quiet.Reset(markersEvery)
			}
		}
	}
}

// Idle reports that no fetched message is waiting: a good moment to commit and to flush output.
func (c *Claim) Idle() bool { return len(c.messages) == 0 }

// Mark notes that msg is handled; the next Commit passes it.
func (c *Claim) Mark(msg *sarama.ConsumerMessage) {
	c.marked.Store(msg.Offset + 1)
	c.pending++
}

// Pending is the number of messages marked since the last commit.
func (c *Claim) Pending() int { return c.pending }

const (
	commitTimeout = 15 * time.Second // a dead coordinator has a successor after about 9 s
	commitLast    = 5 * time.Second  // once the process is to stop, or the client is given up
	commitBackoff = 100 * time.Millisecond
)

// Commit stores the offset after the last marked message in the group, and returns nil only when
// the coordinator has confirmed it. Sarama's session.Commit would not do: it swallows refusals such
// as NOT_COORDINATOR, and after a coordinator's death returns at once with nothing committed.
//
// It calls Hooks.BeforeCommit first.
//
// What a retry can heal is retried, beyond the end of the session too, since that ends before a
// dead coordinator has its successor. An error means that this member is no longer the partition's
// owner, or that no coordinator answered for 15 s (5 s once the process is to stop); return it from
// the handler. Further commits of this session then fail at once.
func (c *Claim) Commit() error {
	if c.pending == 0 || c.failed != nil {
		return c.failed
	}
	if err := c.group.Hooks.BeforeCommit(); err != nil {
		c.failed = &kafka.FatalError{Err: err}
		return c.failed
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	defer context.AfterFunc(c.life, func() { time.AfterFunc(commitLast, cancel) })()

	offset := c.marked.Load()
	step := c.group.Hooks.History.Begin(history.Commit, history.Subject{Topic: c.group.Topic, Partition: c.partition, Offset: offset})
	cause := errors.New("no coordinator answers")
	for {
		// Sarama looks for a coordinator for a minute, and cannot be told to stop.
		retry, err := kafka.Interruptible(ctx, func() (bool, error) { return c.commitOnce(offset) })
		if err == nil {
			step.OK()
			c.pending = 0
			c.group.settle(c.partition, nil)
			return nil
		}
		if ctx.Err() == nil {
			cause = err
		}
		if ctx.Err() != nil || !retry || wait.Sleep(ctx, commitBackoff) != nil {
			if retry || ctx.Err() != nil { // the last try may have come to the coordinator
				step.Unknown(cause)
			} else {
				step.Failed(cause)
			}
			c.failed = fmt.Errorf("commit offset %d of %s/%d: %w", offset, c.group.Topic, c.partition, cause)
			c.group.settle(c.partition, c.failed)
			return c.failed
		}
	}
}

func (c *Claim) commitOnce(offset int64) (retry bool, err error) {
	client, name := c.client, c.group.Member.Group
	coordinator, err := client.Coordinator(name)
	if err != nil {
		return true, err
	}
	req := sarama.NewOffsetCommitRequest(client.Config(), name)
	req.ConsumerGroupGeneration = c.session.GenerationID()
	req.ConsumerID = c.session.MemberID()
	if id := c.group.Member.InstanceID; id != "" {
		req.GroupInstanceId = &id
	}
	// Leader epoch -1 is "unknown". AddBlock would send 0, and after a change of leader a Java client
	// that reads such a commit rewinds in silence.
	req.AddBlockWithLeaderEpoch(c.group.Topic, c.partition, offset, -1, sarama.ReceiveTime, "")
	resp, err := coordinator.CommitOffset(req)
	if err != nil {
		coordinator.Close() // or the next try would use the same broken connection
		client.RefreshCoordinator(name)
		return true, err
	}
	code, ok := resp.Errors[c.group.Topic][c.partition]
	switch {
	case !ok:
		return false, errors.New("the coordinator's answer leaves the partition out")
	case errors.Is(code, sarama.ErrNoError):
		return false, nil
	case slices.Contains(passing, code):
		client.RefreshCoordinator(name)
		return true, code
	default: // IllegalGeneration, UnknownMemberId, FencedInstancedId, RebalanceInProgress: no longer ours
		return false, code
	}
}

// passing are refusals that another try, or another coordinator, can heal.
var passing = []sarama.KError{
	sarama.ErrNotCoordinatorForConsumer, sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrOffsetsLoadInProgress,
	sarama.ErrRequestTimedOut, sarama.ErrNotEnoughReplicas, sarama.ErrNotEnoughReplicasAfterAppend,
}
