package group

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// session is what sarama calls between joining a group and the next rebalance.
type session struct {
	group *Consumer
	ctx   context.Context // the process's, not the session's
	life  context.Context // the client's
}

// Setup runs once the partitions are known and before the first message.
func (s *session) Setup(session sarama.ConsumerGroupSession) error {
	g := s.group
	held := slices.Sorted(slices.Values(session.Claims()[g.Topic]))
	given, lost, trimmed := g.assign(s, held)
	g.meters.sessions.Inc()
	go g.keepContact(session)
	g.Assigned(given, lost, held)
	if err := g.beginAdded(session, held); err != nil {
		return err
	}
	for _, p := range held {
		if trimmed[p] {
			if err := g.skipRemoved(session, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// assign takes over what the group handed out, and returns how that differs from before.
func (g *Consumer) assign(s *session, held []int32) (given, lost []int32, trimmed map[int32]bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	given = slices.DeleteFunc(slices.Clone(held), func(p int32) bool { return slices.Contains(g.held, p) })
	lost = slices.DeleteFunc(slices.Clone(g.held), func(p int32) bool { return slices.Contains(held, p) })
	for _, p := range lost {
		delete(g.uncommitted, p) // its new owner handles it again
	}
	trimmed, g.trimmed = g.trimmed, map[int32]bool{}
	g.held, g.claims = held, map[int32]*Claim{}
	g.current = s
	g.setJoined(true)
	return given, lost, trimmed
}

// Cleanup runs when every partition's handler has returned. That of a client that was given up may come
// when the next client has long joined.
func (s *session) Cleanup(sarama.ConsumerGroupSession) error {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	if s.group.current == s {
		s.group.setJoined(false)
	}
	return nil
}

// ConsumeClaim works on one partition and commits what was marked but not yet committed.
func (s *session) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	g := s.group
	c := newClaim(s.life, g, session, claim)
	g.mu.Lock()
	g.claims[claim.Partition()] = c
	g.active++
	g.mu.Unlock()
	g.meters.lag.add(c)
	defer g.meters.lag.remove(c)

	err := g.Handle(s.ctx, c)
	c.at.Store(c.at.Load() &^ 1) // no message is in hand
	if commitErr := c.finish(); commitErr != nil {
		if errors.Is(err, ErrDone) { // there is no next session to commit in
			commitErr = &kafka.FatalError{Err: fmt.Errorf("handled, but not committed, so that it will be read again: %w", commitErr)}
		}
		err = commitErr
	}
	c.passMarkers()

	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	var fatal *kafka.FatalError
	if errors.Is(err, ErrDone) || errors.Is(err, kafka.ErrUnknown) || errors.As(err, &fatal) {
		g.final = errors.Join(g.final, err)
	}
	return err // ends the session for every partition; sarama puts it on Errors
}
