package group

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// Mark notes that msg is handled; the next Commit passes it.
func (c *Claim) Mark(msg *sarama.ConsumerMessage) {
	c.marked.Store(msg.Offset + 1)
	c.pending++
}

// Committed notes that the offset after msg was committed in a transaction (see [Claim.GroupMetadata]), by a handler that commits
// here as well. It has to be told before the next Mark: neither that offset nor one before it is then committed here again.
func (c *Claim) Committed(msg *sarama.ConsumerMessage) {
	c.commits.mu.Lock()
	defer c.commits.mu.Unlock()
	c.marked.Store(msg.Offset + 1)
	c.commits.done = msg.Offset + 1
	c.pending = 0
}

// Pending is the number of messages marked since the last [Claim.Commit].
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
	err := c.commit()
	if err == nil {
		c.pending = 0
	}
	return err
}

// commitPace is [Consumer.CommitPace] where none is set. A commit costs a broker milliseconds of its CPU, as much as thousands of
// messages; and where they come more slowly than this, each is committed at once.
const commitPace = 100 * time.Millisecond

// CommitBehind commits the offset after the last marked message in the background, while the handler goes on: at once, or
// [Consumer.CommitPace] after the last such commit began, or when that has its answer. Its outcome is that of [Claim.Commit]; an error
// ends [Claim.Messages], and comes from the next call. The end of the handler waits for it.
//
// A crash repeats what was handled since the last commit began.
func (c *Claim) CommitBehind() error {
	b := &c.commits
	if b.due == nil {
		b.due, b.last, b.over = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
		go c.commitInBackground()
	}
	select {
	case b.due <- struct{}{}:
	default: // one that is due takes this message along
	}
	return c.broken()
}

func (c *Claim) commitInBackground() {
	b := &c.commits
	defer close(b.over)
	for range b.due {
		next := time.After(c.group.CommitPace)
		if c.commit() != nil {
			return
		}
		select {
		case <-next:
		case <-b.last: // there is none after this one
		}
	}
}

// commits are those of a claim, of which one at a time is under way.
type commits struct {
	mu     sync.Mutex // held during one
	done   int64      // the offset that the coordinator has confirmed; -1 before the first
	failed error      // set before broken is closed
	broken chan struct{}

	due  chan struct{} // a message is to be committed in the background; nil before the first
	last chan struct{} // closed when the handler has returned
	over chan struct{} // closed when the background is done
}

// broken is the error of a commit that was given up.
func (c *Claim) broken() error {
	select {
	case <-c.commits.broken:
		return c.commits.failed
	default:
		return nil
	}
}

// giveUp makes err the outcome of every further commit. The caller holds the lock.
func (c *Claim) giveUp(err error) error {
	c.commits.failed = err
	close(c.commits.broken)
	return err
}

// finish waits for what is under way in the background, and commits the rest.
func (c *Claim) finish() error {
	if b := &c.commits; b.due != nil {
		close(b.due)
		close(b.last)
		<-b.over
	}
	return c.commit()
}

func (c *Claim) commit() error {
	c.commits.mu.Lock()
	defer c.commits.mu.Unlock()
	offset := c.marked.Load()
	if err := c.broken(); err != nil || offset == c.commits.done {
		return err
	}
	if err := c.group.Hooks.BeforeCommit(); err != nil {
		return c.giveUp(&kafka.FatalError{Err: err})
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	defer context.AfterFunc(c.life, func() { time.AfterFunc(commitLast, cancel) })()

	began := time.Now()
	step := c.group.Hooks.History.Begin(history.Commit, history.Subject{Topic: c.group.Topic, Partition: c.partition, Offset: offset})
	cause := errors.New("no coordinator answers")
	for {
		// Sarama looks for a coordinator for a minute, and cannot be told to stop.
		retry, err := kafka.Interruptible(ctx, func() (bool, error) { return c.commitOnce(offset) })
		if err == nil {
			step.OK()
			c.group.meters.committing.Observe(time.Since(began).Seconds())
			c.commits.done = offset
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
			err := fmt.Errorf("commit offset %d of %s/%d: %w", offset, c.group.Topic, c.partition, cause)
			c.group.settle(c.partition, err)
			return c.giveUp(err)
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

// settle notes the outcome of a partition's last commit.
func (g *Consumer) settle(partition int32, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		delete(g.uncommitted, partition)
	} else {
		g.uncommitted[partition] = err
	}
}

func (g *Consumer) uncommittedError() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, err := range g.uncommitted {
		return fmt.Errorf("handled, but not committed, so that it will be read again: %w", err)
	}
	return nil
}
