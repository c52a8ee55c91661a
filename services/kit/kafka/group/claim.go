package group

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
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

	marked  atomic.Int64 // offset of the next message to handle; -1 before the first Mark
	pending int          // marked since the last Commit
	at      atomic.Int64 // twice the offset of the next message, and 1 more while that is in its handler; 0 before the first
	commits commits
	watched watched
}

func newClaim(life context.Context, g *Consumer, session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) *Claim {
	c := &Claim{
		life: life, group: g, client: g.client(), session: session,
		claim: claim, partition: claim.Partition(), messages: claim.Messages(),
	}
	c.marked.Store(-1)
	c.commits.done = -1
	c.commits.broken = make(chan struct{})
	return c
}

// Partition is the partition's number.
func (c *Claim) Partition() int32 { return c.partition }

// InitialOffset is where the claim begins to read: the group's committed offset, or sarama.OffsetOldest or sarama.OffsetNewest where
// it has none. The log may have nothing there any more: then the session ends, and the next begins elsewhere.
func (c *Claim) InitialOffset() int64 { return c.claim.InitialOffset() }

// Context ends with the session. It is for what a handler waits for before its first message; the
// work on a message outlives the session, and has the handler's own context.
func (c *Claim) Context() context.Context { return c.session.Context() }

// GroupMetadata says on whose behalf an offset is committed inside a transaction: which member of the
// group, in which generation. A handler that commits so (see Transactor) neither marks nor commits
// here, and then nothing else commits for it; one that does both says so with Committed.
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
		r := reading{
			Claim: c, ended: c.session.Context().Done(), quiet: time.NewTimer(markersEvery), work: work{seconds: c.group.meters.handling},
		}
		defer r.quiet.Stop()
		defer r.work.end()
		if interval > 0 {
			ticker := time.NewTicker(interval)
			defer ticker.Stop()
			r.passed = ticker.C
		}
		for msg, ok := r.next(); ok; msg, ok = r.next() {
			if msg != nil {
				c.at.Store(2*msg.Offset + 1)
				c.group.Hooks.History.Note(history.Deliver, history.OK, kafka.Place(msg))
			}
			if !yield(msg) {
				return
			}
			if msg != nil {
				c.at.Store(2 * (msg.Offset + 1))
			}
		}
	}
}

// reading is what a loop over the messages of a claim waits for.
type reading struct {
	*Claim
	ended  <-chan struct{}
	passed <-chan time.Time // the interval of MessagesOr
	quiet  *time.Timer      // since the last message; it runs only while none is waiting, as a timer costs more than a message
	behind bool             // the timer has not been started since the last message
	work   work             // of the handler, which has the time until the next call
}

// next returns the next message, nil where the interval has passed, and false at the end.
func (r *reading) next() (msg *sarama.ConsumerMessage, ok bool) {
	for {
		// What ends comes first, then what has to be on time: select picks at random where several are ready.
		select {
		case <-r.ended:
			return nil, false
		default:
		}
		select {
		case <-r.passed:
			r.work.another()
			return nil, true
		default:
		}
		select {
		case msg, ok = <-r.messages:
			r.behind = true
			r.work.another()
			return msg, ok
		default:
		}
		if r.behind {
			r.quiet.Reset(markersEvery)
			r.behind = false
		}
		r.work.end()
		select {
		case <-r.ended:
			return nil, false
		case <-r.commits.broken: // no commit may follow: a message would be handled twice
			return nil, false
		case <-r.passed:
			r.work.begin()
			return nil, true
		case msg, ok = <-r.messages:
			r.behind = true
			r.work.begin()
			return msg, ok
		case <-r.quiet.C:
			r.passMarkers()
			r.behind = true
		}
	}
}

// watched is what the last look at a claim has seen. A clock per message would cost more than all else that is done for it.
type watched struct {
	at    int64
	since time.Time
}

// inHand is how long the message in hand has been seen in its handler, 0 where there is none. It is for one goroutine.
func (c *Claim) inHand() time.Duration {
	at := c.at.Load()
	if at != c.watched.at {
		c.watched = watched{at: at, since: time.Now()}
	}
	if at%2 == 0 {
		return 0
	}
	return time.Since(c.watched.since)
}

// Idle reports that no fetched message is waiting: a good moment to commit and to flush output.
func (c *Claim) Idle() bool { return len(c.messages) == 0 }
