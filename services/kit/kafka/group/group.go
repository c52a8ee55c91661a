package group

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// ErrDone, returned by a handler, ends Consumer.Run without an error: the work is complete.
var ErrDone = errors.New("done")

// HandleTimeout is how long a handler may take for one message. Kafka's Java client has
// max.poll.interval for this; sarama heartbeats in the background, so that a stuck handler would
// keep its partition for ever. It is above the 60 s that a dead letter may take.
const HandleTimeout = 2 * time.Minute

// Consumer is one member of a consumer group. Fill in the fields, then Run.
type Consumer struct {
	Client sarama.Client // from Dial, with a configuration from Cluster.Config
	// Redial makes another such client, for when the brokers of this one have fallen silent: see Run.
	Redial func(ctx context.Context) (sarama.Client, error)
	Member kafka.Membership
	Topic  string
	Hooks  kafka.Hooks
	// CommitPace is the least time from the begin of one [Claim.CommitBehind] of a partition to that of the next; 0 is 100 ms. It is
	// also how much work a crash repeats.
	CommitPace time.Duration

	// Handle works on one partition until claim.Messages ends, then returns nil. Any other error than
	// ErrDone and kafka.FatalError ends the session: the group is joined again and reading goes on from the
	// last commit. It runs concurrently for several partitions. Its context outlives the session, and
	// ends when the process is to stop.
	Handle func(ctx context.Context, claim *Claim) error
	// Assigned is told at every rebalance what was given, what was lost, and what is held now.
	Assigned func(given, lost, held []int32)

	handleTimeout time.Duration // HandleTimeout, except in tests
	longestWait   time.Duration // of a refused member; waitForEver, except in tests
	silence       time.Duration // silence, except in tests
	meters        meters

	mu          sync.Mutex
	partitions  int // of the topic when the first session began; 0 before
	held        []int32
	joined      bool
	current     *session       // the one that was set up last
	inSession   bool           // from Setup until sarama's Consume returns
	answered    time.Time      // when the coordinator last did
	trimmed     map[int32]bool // partitions whose offset is out of range
	claims      map[int32]*Claim
	active      int             // claims whose handler runs, or whose last commit is under way
	uncommitted map[int32]error // partitions with something handled, not committed, and not handled again since
	final       error           // a handler's ErrDone, kafka.FatalError or kafka.ErrUnknown, which ends Run
	joinAnewBy  time.Time       // until when a fenced member may join once more at once
	joinedAnew  int             // how often it has
	refusal     *standingRefusal
	nameHeld    bool // fenced, and waiting whether the name becomes free
}

// Run consumes until ctx ends, or a handler returns ErrDone (nil is returned) or a kafka.FatalError. On
// the way out it waits for the message in hand and its commit, but not longer than wait.Grace;
// then it returns kafka.ErrUnknown. It does not wait for sarama's farewell to a cluster that is gone. An
// error also says that something was handled but could not be committed: it will be handled again.
//
// A coordinator that accepts connections and answers nothing, such as a paused broker, holds sarama
// in its heartbeat for half an hour, without a look for another. Run then leaves the client to itself
// and goes on with another one.
func (g *Consumer) Run(ctx context.Context) error {
	if g.handleTimeout == 0 {
		g.handleTimeout = HandleTimeout
	}
	if g.longestWait == 0 {
		g.longestWait = waitForEver
	}
	if g.silence == 0 {
		g.silence = silence
	}
	if g.CommitPace == 0 {
		g.CommitPace = commitPace
	}
	g.Hooks = g.Hooks.Complete()
	g.meters = newMeters(g.Hooks.Metrics)
	g.trimmed, g.uncommitted = map[int32]bool{}, map[int32]error{}
	g.joinAnewBy = time.Now().Add(rejoinPeriod)
	if err := g.permitted(ctx); err != nil {
		return err
	}
	running, done := context.WithCancel(ctx)
	defer done()
	go g.explainWaits(running)

	for first := true; ; first = false {
		err := g.runClient(ctx)
		for errors.Is(err, errRejoin) {
			wait.Sleep(ctx, rejoinDelay) // at the end of ctx runClient returns at once
			err = g.runClient(ctx)       // with no member id, so that it is given one
		}
		if !first {
			wait.CloseWithin(wait.CloseTimeout, g.client()) // the first is the caller's
		}
		if !errors.Is(err, errSilent) {
			return err
		}
		g.Hooks.Log.Warn("the coordinator is silent: connecting anew", "group", g.Member.Group)
		g.leaveSession()
		client, err := g.Redial(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return g.uncommittedError() // and not ctx's error, with which a process counts as stopped in good order
		case err != nil:
			return errors.Join(err, g.uncommittedError())
		}
		g.mu.Lock()
		g.Client = client
		g.mu.Unlock()
	}
}

// errSilent ends runClient: its client is of no use any more.
var errSilent = errors.New("the coordinator is silent")

func (g *Consumer) client() sarama.Client {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.Client
}

// runClient consumes for as long as the client is of use.
func (g *Consumer) runClient(ctx context.Context) error {
	group, err := sarama.NewConsumerGroupFromClient(g.Member.Group, g.client())
	if err != nil {
		return fmt.Errorf("consumer group %s: %w", g.Member.Group, err)
	}
	go g.drainErrors(group.Errors())
	life, abandon := context.WithCancel(ctx)
	defer abandon()
	consuming := make(chan error, 1)
	go func() { consuming <- g.consume(ctx, life, group) }()

	look := time.NewTicker(min(time.Second, g.handleTimeout/8))
	defer look.Stop()
	stopping := ctx.Done()
	var stopped time.Time
	var silent bool
	for {
		select {
		case err := <-consuming:
			if silent && ctx.Err() == nil && g.finalError() == nil {
				return errSilent
			}
			wait.CloseWithin(2*wait.CloseTimeout, group) // leaves the group, so that others take over at once
			return err
		case <-stopping:
			stopping, stopped = nil, time.Now()
		case <-look.C:
			if err := g.stuck(); err != nil {
				return err
			}
			switch {
			case stopped.IsZero() && (silent || g.silent()):
				silent = true
				abandon()
				if g.idle() {
					return errSilent
				}
			case stopped.IsZero():
			case time.Since(stopped) > wait.Grace/2 && g.idle():
				g.Hooks.Log.Warn("stopped without leaving the group: no coordinator answers", "group", g.Member.Group)
				return g.uncommittedError()
			case time.Since(stopped) > wait.Grace:
				return fmt.Errorf("consumer group %s: %w", g.Member.Group, kafka.ErrUnknown)
			}
		}
	}
}

// consume is the loop around sarama's Consume, which returns at every rebalance, with nil after a
// handler's error, and at once, again and again, while a coordinator is down.
//
// It ends with life, which is over when ctx is, or when the client is given up.
func (g *Consumer) consume(ctx, life context.Context, group sarama.ConsumerGroup) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	delay := shortest
	for {
		began := time.Now()
		err := group.Consume(life, []string{g.Topic}, &session{group: g, ctx: ctx, life: life})
		if final := g.finalError(); final != nil {
			g.leaveSession()
			var fatal *kafka.FatalError
			switch {
			case errors.As(final, &fatal):
				return fatal.Err
			case errors.Is(final, kafka.ErrUnknown):
				return final
			default:
				return nil // ErrDone
			}
		}
		if life.Err() != nil && ctx.Err() == nil {
			return errSilent
		}
		g.leaveSession()
		if ctx.Err() != nil {
			return g.uncommittedError()
		}
		if errors.Is(err, sarama.ErrClosedConsumerGroup) || errors.Is(err, sarama.ErrClosedClient) {
			return fmt.Errorf("consumer group %s: %w", g.Member.Group, err)
		}
		if errors.Is(err, sarama.ErrFencedInstancedId) {
			switch err := g.fenced(life); {
			case ctx.Err() != nil:
				return g.uncommittedError()
			case life.Err() != nil:
				return errSilent
			default:
				return err
			}
		}
		if refused := g.refuse(life, err); refused != nil {
			return refused
		}
		if err != nil {
			g.Hooks.Log.Warn("consumer group session failed; joining again", "group", g.Member.Group, "error", err)
		}
		if time.Since(began) > time.Second {
			delay = shortest
			if err == nil { // a rebalance, and the others wait for us: rejoin without delay
				continue
			}
		}
		if wait.Sleep(life, delay/2+rand.N(delay/2)) != nil {
			return g.uncommittedError()
		}
		delay = min(delay*2, longest)
	}
}

// drainErrors is the only reader of the group's errors; unread, they would fill the channel.
func (g *Consumer) drainErrors(errs <-chan error) {
	for err := range errs {
		var consumer *sarama.ConsumerError
		if errors.As(err, &consumer) && errors.Is(consumer.Err, sarama.ErrOffsetOutOfRange) {
			g.mu.Lock()
			g.trimmed[consumer.Partition] = true
			g.mu.Unlock()
			continue
		}
		if g.finalError() == nil {
			g.Hooks.Log.Warn("consumer group", "group", g.Member.Group, "error", err)
		}
	}
}

func (g *Consumer) finalError() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.final
}

// idle reports whether every handler has returned and tried its last commit.
func (g *Consumer) idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.active == 0 && g.final == nil
}

// stuck reports a message that has been in its handler for longer than allowed.
func (g *Consumer) stuck() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for partition, claim := range g.claims {
		if claim.inHand() > g.handleTimeout {
			return fmt.Errorf("partition %d: the message after offset %d has not been handled within %s: giving up, so that another member can try",
				partition, claim.marked.Load(), g.handleTimeout)
		}
	}
	return nil
}
