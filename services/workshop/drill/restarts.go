package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/wait"
	"workshop.example/workshop/rig"
)

var pauseBrokerText = Drills.Texts("pause-broker")

var _ = add(Drill{
	Name:  "pause-broker",
	Times: 3,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			if err := s.freeze(ctx); err != nil {
				return err
			}
		}
		return nil
	},
})

func (s *Stage) freeze(ctx context.Context) error {
	const beyond = 5 * time.Second
	before, _ := s.watch.now()
	leader := before.Topics[s.transactions][0].Leader
	f, err := s.strike(pauseBrokerText("frozen", leader),
		func() error { return s.bench.Brokers.Pause(leader) })
	if err != nil {
		return err
	}
	f.Limit = afterFreeze
	now, err := s.othersLead(ctx, before, leader)
	if err != nil {
		return err
	}
	if !s.bench.Brokers.Running(leader) {
		return &rig.NotRun{Cause: "the broker was to be paused, and is gone"}
	}
	p := now.Topics[s.transactions][0]
	s.proved(f, pauseBrokerText("proof", leaderName(p.Leader), p.Epoch, before.Topics[s.transactions][0].Epoch))
	if err := s.acknowledged(ctx, f); err != nil {
		return err
	}
	if err := wait.Sleep(ctx, beyond); err != nil {
		return err
	}
	s.Say(pauseBrokerText("wakes", leader))
	if err := s.bench.Brokers.Resume(leader); err != nil {
		return err
	}
	if err := s.awaitWhole(ctx); err != nil {
		return err
	}
	return s.resumed(ctx)
}

var rollingRestartText = Drills.Texts("rolling-restart")

var _ = add(Drill{
	Name:  "rolling-restart",
	Times: 1,
	run: func(ctx context.Context, s *Stage) error {
		for range s.Times {
			before, _ := s.watch.now()
			for _, id := range before.Brokers {
				if err := s.bounce(ctx, id); err != nil {
					return err
				}
			}
		}
		return nil
	},
})

func (s *Stage) bounce(ctx context.Context, id int32) error {
	before, _ := s.watch.now()
	f, err := s.strike(rollingRestartText("stopped", id), func() error { return s.bench.Brokers.Stop(id) })
	if err != nil {
		return err
	}
	f.Limit = afterStop
	if s.bench.Brokers.Running(id) {
		return &rig.NotRun{Cause: "the broker was to be stopped, and runs"}
	}
	now, err := s.othersLead(ctx, before, id)
	if err != nil {
		return err
	}
	var led []string
	for _, i := range before.ledBy(s.transactions, id) {
		led = append(led, fmt.Sprintf("%d→%s", i, leaderName(now.Topics[s.transactions][i].Leader)))
	}
	slices.Sort(led)
	s.proved(f, rollingRestartText("proof", led))
	if err := s.acknowledged(ctx, f); err != nil {
		return err
	}
	return s.restore(ctx, id)
}
