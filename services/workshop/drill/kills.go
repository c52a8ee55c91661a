package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/service"
	"workshop.example/workshop/rig"
)

var killLeaderText = Drills.Texts("kill-leader")

var killLeader = add(Drill{
	Name:     "kill-leader",
	Times:    3,
	Controls: []Control{oneReplica},
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			before, _ := s.watch.now()
			leader := before.Topics[s.transactions][0].Leader
			what := killLeaderText("killed", leader)
			if err := s.killOne(ctx, what, leader, before, func(now State) (service.Text, error) {
				p, was := now.Topics[s.transactions][0], before.Topics[s.transactions][0]
				return killLeaderText("proof", leaderName(p.Leader), leader, p.Epoch, was.Epoch), nil
			}); err != nil {
				return err
			}
		}
		return nil
	},
})

var killControllerText = Drills.Texts("kill-controller")

var _ = add(Drill{
	Name:  "kill-controller",
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			dead, err := s.controller(ctx, noBroker)
			if err != nil {
				return err
			}
			before, _ := s.watch.now()
			what := killControllerText("killed", dead)
			if err := s.killOne(ctx, what, dead, before, func(State) (service.Text, error) {
				next, err := s.controller(ctx, dead)
				return killControllerText("proof", next), err
			}); err != nil {
				return err
			}
		}
		return nil
	},
})

// controller waits until there is a controller other than the one named, and returns it.
func (s *Stage) controller(ctx context.Context, other int32) (id int32, err error) {
	err = rig.Await(ctx, "there is a controller, and it tells", func() bool {
		id, err = s.watch.controller()
		return err == nil && id >= 0 && id != other
	})
	return id, err
}

// noBroker is the number of none.
const noBroker int32 = -1

var killCoordinatorText = Drills.Texts("kill-coordinator")

var _ = add(Drill{
	Name:  "kill-coordinator",
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		var silences []time.Duration
		for range s.Times {
			dead, err := s.coordinator(ctx, noBroker)
			if err != nil {
				return err
			}
			before, _ := s.watch.now()
			what := killCoordinatorText("killed", dead)
			f, err := s.strike(what, func() error { return s.kill(dead) })
			if err != nil {
				return err
			}
			f.Limit = afterDeath
			next, err := s.coordinator(ctx, dead)
			if err != nil {
				return err
			}
			if _, err := s.othersLead(ctx, before, dead); err != nil {
				return err
			}
			s.proved(f, killCoordinatorText("proof", next))
			if err := s.acknowledged(ctx, f); err != nil {
				return err
			}
			if err := s.received(ctx, f.Seen); err != nil {
				return err
			}
			silences = append(silences, s.unread(f.At))
			if err := s.restore(ctx, dead); err != nil {
				return err
			}
		}
		s.notes = append(s.notes, killCoordinatorText("silence", spread(silences)))
		return nil
	},
})

func leaderName(id int32) string {
	if id < 0 {
		return "-"
	}
	return fmt.Sprintf("%d", id)
}

// killOne kills one broker, waits until the cluster has noticed and others lead what it led, for
// acknowledgements, and for the broker's return. Proof tells how it shows.
func (s *Stage) killOne(ctx context.Context, what service.Text, id int32, before State, proof func(State) (service.Text, error)) error {
	f, err := s.strike(what, func() error { return s.kill(id) })
	if err != nil {
		return err
	}
	f.Limit = afterDeath
	gone := moved(before, s.transactions, id)
	// Where nobody else can lead, nobody will: the blow has landed all the same, and the time tells.
	now, held, err := s.watch.await(ctx, f.Limit, func(now State) bool { return gone(now) && now.led(s.transactions) })
	if err == nil && !held {
		now, err = s.watch.must(ctx, "the cluster has noticed: "+what.EN, gone)
	}
	if err != nil {
		return err
	}
	shown, err := proof(now)
	if err != nil {
		return err
	}
	s.proved(f, shown)
	if err := s.acknowledged(ctx, f); err != nil {
		return err
	}
	return s.restore(ctx, id)
}

// coordinator is the coordinator of the consumer's group, once that is another than the one named.
func (s *Stage) coordinator(ctx context.Context, other int32) (id int32, err error) {
	err = rig.Await(ctx, "the consumer's group has a coordinator", func() bool {
		id, err = s.watch.coordinator(s.group)
		return err == nil && id != other
	})
	return id, err
}

// received waits until some consumer has printed a message after a moment.
func (s *Stage) received(ctx context.Context, since time.Time) error {
	return rig.Await(ctx, "the group receives messages", func() bool {
		return slices.ContainsFunc(s.readers(), func(p *rig.Process) bool {
			lines := p.Lines()
			i := len(lines) - 1
			return i >= 0 && lines[i].At.After(since) && isTransaction(lines[i].Text)
		})
	})
}

// unread is the longest time without a line of the consumer, of those that ended after a moment.
func (s *Stage) unread(since time.Time) time.Duration {
	var longest time.Duration
	var last time.Time
	for _, p := range s.consumer.Lives() {
		for _, l := range p.Lines() {
			if !isTransaction(l.Text) {
				continue
			}
			if !last.IsZero() && l.At.After(since) {
				longest = max(longest, l.At.Sub(last))
			}
			last = l.At
		}
	}
	return longest
}
