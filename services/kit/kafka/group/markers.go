package group

import (
	"context"
	"time"

	"workshop.example/kit/kafka"
)

// A commit behind the last message is not always the end of what there is to read. The marker that ends a
// transaction takes an offset, and so do aborted messages, which nobody reads: LAG, a difference of offsets,
// then stays above 0. The Java client commits its position, which lies behind them. Sarama's messages do not
// say where the next one is, so the claim looks itself when no message comes.

const (
	markersEvery   = time.Second     // without a message, before the claim looks for markers
	markersTimeout = 5 * time.Second // of a look, and of its commit
)

// passMarkers commits behind markers and aborted messages that follow the last commit. It never passes a message
// that is to be read: the leader is asked for messages from the committed offset on, as the group's isolation
// shows them, and only where there are none is the position moved. A leader gives read_committed nothing
// from the first open transaction on.
//
// It does nothing before the first commit of the claim, and nothing for a handler that commits in
// transactions: its offset is part of the next one. Where it fails nothing is lost, and the next call tries again.
func (c *Claim) passMarkers() {
	if !c.commits.mu.TryLock() { // a commit is under way
		return
	}
	defer c.commits.mu.Unlock()
	from := c.marked.Load()
	if from < 0 || from != c.commits.done || c.broken() != nil || c.session.Context().Err() != nil || c.claim.HighWaterMarkOffset() <= from {
		return
	}
	ctx, cancel := context.WithTimeout(c.life, markersTimeout)
	defer cancel()
	next, err := kafka.Interruptible(ctx, func() (int64, error) {
		return kafka.NextOffset(c.client, c.group.Topic, c.partition, c.group.Member.Isolation, from)
	})
	if err != nil || next <= from {
		return
	}
	_, err = kafka.Interruptible(ctx, func() (bool, error) { return c.commitOnce(next) })
	switch {
	case err == nil:
		c.marked.Store(next)
		c.commits.done = next
	case ctx.Err() != nil:
		// It may still reach the coordinator, and must not come after a later commit: there is none in this session.
		c.giveUp(err)
	}
}
