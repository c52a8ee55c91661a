package kafka

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// ErrDone, returned by a handler, ends Group.Run without an error: the work is complete.
var ErrDone = errors.New("done")

// FatalError, returned by a handler, ends Group.Run with Err: another try would meet it again.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }
func (e *FatalError) Unwrap() error { return e.Err }

// HandleTimeout is how long a handler may take for one message. Kafka's Java client has
// max.poll.interval for this; sarama heartbeats in the background, so that a stuck handler would
// keep its partition for ever. It is above the 60 s that a dead letter may take.
const HandleTimeout = 2 * time.Minute

// Group is one member of a consumer group. Fill in the fields, then Run.
type Group struct {
	Client  sarama.Client // from Dial, with a configuration from Cluster.Config
	Member  Membership
	Topic   string
	Process *service.Process

	// Handle works on one partition until claim.Messages ends, then returns nil. Any other error than
	// ErrDone and FatalError ends the session: the group is joined again and reading goes on from the
	// last commit. It runs concurrently for several partitions. Its context outlives the session, and
	// ends when the process is to stop.
	Handle func(ctx context.Context, claim *Claim) error
	// Assigned is told at every rebalance what was given, what was lost, and what is held now.
	Assigned func(given, lost, held []int32)

	handleTimeout time.Duration // HandleTimeout, save in tests

	mu      sync.Mutex
	held    []int32
	joined  bool
	trimmed map[int32]bool // partitions whose offset is out of range
	claims  map[int32]*Claim
	active  int       // claims whose handler runs, or whose last commit is under way
	contact time.Time // when the coordinator last answered
	final   error     // what Run returns: ErrDone, a handler's FatalError, or a last commit that failed
}

// Run consumes until ctx ends, or a handler returns ErrDone (nil is returned) or a FatalError. On
// the way out it waits for the message in hand and its commit, but not longer than service.Grace;
// then it returns ErrUnknown. It does not wait for sarama's farewell to a cluster that is gone.
func (g *Group) Run(ctx context.Context) error {
	group, err := sarama.NewConsumerGroupFromClient(g.Member.Group, g.Client)
	if err != nil {
		return fmt.Errorf("consumer group %s: %w", g.Member.Group, err)
	}
	if g.handleTimeout == 0 {
		g.handleTimeout = HandleTimeout
	}
	g.trimmed = map[int32]bool{}
	go g.drainErrors(group.Errors())

	consuming := make(chan error, 1)
	go func() { consuming <- g.consume(ctx, group) }()
	stuck := time.NewTicker(g.handleTimeout / 8)
	defer stuck.Stop()
	stopping := ctx.Done()
	var farewell, deadline <-chan time.Time
	for {
		select {
		case err := <-consuming:
			service.CloseWithin(2*time.Second, group) // leaves the group, so that others take over at once
			return err
		case <-stopping:
			stopping, farewell, deadline = nil, time.After(service.Grace/2), time.After(service.Grace)
		case <-farewell:
			if g.settled() {
				g.Process.Log.Warn("stopped without leaving the group: no coordinator answers", "group", g.Member.Group)
				return nil
			}
		case <-deadline:
			return fmt.Errorf("consumer group %s: %w", g.Member.Group, ErrUnknown)
		case <-stuck.C:
			if err := g.stuck(); err != nil {
				return err
			}
		}
	}
}

// consume is the loop around sarama's Consume, which returns at every rebalance, with nil after a
// handler's error, and at once, again and again, while a coordinator is down.
func (g *Group) consume(ctx context.Context, group sarama.ConsumerGroup) error {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	for delay := shortest; ; {
		// Nothing but its time-out ends the session of a member that died, and the group waits for it.
		joining := time.AfterFunc(2*time.Second, func() { g.Process.Out.Print(joiningLine(g.Process.Lang)) })
		began := time.Now()
		err := group.Consume(ctx, []string{g.Topic}, &handler{g, ctx, joining})
		joining.Stop()
		if final := g.finalError(); final != nil {
			var fatal *FatalError
			if errors.As(final, &fatal) {
				return fatal.Err
			}
			return nil // ErrDone
		}
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, sarama.ErrClosedConsumerGroup) || errors.Is(err, sarama.ErrClosedClient) {
			return fmt.Errorf("consumer group %s: %w", g.Member.Group, err)
		}
		if errors.Is(err, sarama.ErrFencedInstancedId) {
			return fmt.Errorf("another member of group %s runs with the same GROUP_INSTANCE_ID %q: give each its own: %w", g.Member.Group, g.Member.InstanceID, err)
		}
		if err != nil {
			g.Process.Log.Warn("consumer group session failed; joining again", "group", g.Member.Group, "error", err)
		} else if time.Since(began) > time.Second {
			delay = shortest // a rebalance, and the others wait for us: rejoin without delay
			continue
		}
		if service.Sleep(ctx, delay/2+rand.N(delay/2)) != nil {
			return nil
		}
		delay = min(delay*2, longest)
	}
}

// drainErrors is the only reader of the group's errors; unread, they would fill the channel.
func (g *Group) drainErrors(errs <-chan error) {
	for err := range errs {
		var consumer *sarama.ConsumerError
		if errors.As(err, &consumer) && errors.Is(consumer.Err, sarama.ErrOffsetOutOfRange) {
			g.mu.Lock()
			g.trimmed[consumer.Partition] = true
			g.mu.Unlock()
			continue
		}
		if g.finalError() == nil {
			g.Process.Log.Warn("consumer group", "group", g.Member.Group, "error", err)
		}
	}
}

func (g *Group) finalError() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.final
}

// stuck reports a message that has been in its handler for longer than allowed.
func (g *Group) stuck() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for partition, claim := range g.claims {
		if since := claim.handlingSince.Load(); since != 0 && time.Since(time.UnixMilli(since)) > g.handleTimeout {
			return fmt.Errorf("partition %d: the message after offset %d has not been handled within %s: giving up, so that another member can try", partition, claim.marked.Load(), g.handleTimeout)
		}
	}
	return nil
}

// settled reports whether every handler has returned and everything it handled is committed.
func (g *Group) settled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.active == 0 && g.final == nil
}

const (
	pulse   = 3 * time.Second
	contact = 15 * time.Second // longer than a coordinator's death and the choice of its successor
)

// Ready reports whether the member is in a session of the group and the coordinator answers. Sarama
// keeps a session for as long as it can still hope to reach a coordinator: for hours.
func (g *Group) Ready() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.joined {
		return fmt.Errorf("not a member of group %s at the moment", g.Member.Group)
	}
	if silent := time.Since(g.contact); silent > contact {
		return fmt.Errorf("the coordinator of group %s has not answered for %s", g.Member.Group, silent.Round(time.Second))
	}
	return nil
}

// keepContact asks the coordinator for a sign of life until the session ends. It is a heartbeat of
// the member besides sarama's own, of which nobody hears.
func (g *Group) keepContact(session sarama.ConsumerGroupSession) {
	req := &sarama.HeartbeatRequest{Version: 4, GroupId: g.Member.Group, MemberId: session.MemberID(), GenerationId: session.GenerationID()}
	if g.Member.InstanceID != "" {
		req.GroupInstanceId = &g.Member.InstanceID
	}
	for service.Sleep(session.Context(), pulse) == nil {
		coordinator, err := g.Client.Coordinator(g.Member.Group)
		if err != nil {
			continue
		}
		if _, err := coordinator.Heartbeat(req); err == nil {
			g.mu.Lock()
			g.contact = time.Now()
			g.mu.Unlock()
		}
	}
}

// handler is what sarama calls during one session.
type handler struct {
	group   *Group
	ctx     context.Context // the process's, not the session's
	joining *time.Timer
}

// Setup runs once the partitions are known and before the first message.
func (h *handler) Setup(session sarama.ConsumerGroupSession) error {
	g := h.group
	h.joining.Stop()
	now := slices.Sorted(slices.Values(session.Claims()[g.Topic]))

	g.mu.Lock()
	var given, lost []int32
	for _, p := range now {
		if !slices.Contains(g.held, p) {
			given = append(given, p)
		}
	}
	for _, p := range g.held {
		if !slices.Contains(now, p) {
			lost = append(lost, p)
		}
	}
	g.held, g.joined, g.claims, g.contact = now, true, map[int32]*Claim{}, time.Now()
	trimmed := g.trimmed
	g.trimmed = map[int32]bool{}
	g.mu.Unlock()

	go g.keepContact(session)
	g.Assigned(given, lost, now)
	for _, p := range now {
		if trimmed[p] {
			if err := g.skipRemoved(session, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *handler) Cleanup(sarama.ConsumerGroupSession) error {
	h.group.mu.Lock()
	defer h.group.mu.Unlock()
	h.group.joined = false
	return nil
}

// ConsumeClaim works on one partition and commits what was marked but not yet committed.
func (h *handler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	g := h.group
	c := newClaim(h.ctx, g, session, claim)
	g.mu.Lock()
	g.claims[claim.Partition()] = c
	g.active++
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.active--
		g.mu.Unlock()
	}()

	err := g.Handle(h.ctx, c)
	c.handlingSince.Store(0)
	if commitErr := c.Commit(); commitErr != nil {
		if h.ctx.Err() == nil && !errors.Is(err, ErrDone) {
			err = commitErr
		} else { // there is no next session to try again in
			err = &FatalError{fmt.Errorf("handled, but not committed, so that it will be read again: %w", commitErr)}
		}
	}
	var fatal *FatalError
	if errors.Is(err, ErrDone) || errors.As(err, &fatal) {
		g.mu.Lock()
		g.final = errors.Join(g.final, err)
		g.mu.Unlock()
	}
	return err // ends the session for every partition; sarama puts it on Errors
}
