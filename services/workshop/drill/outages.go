package drill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/rig"
)

var twoBrokersDownText = Drills.Texts("two-brokers-down")

var twoBrokersDown = add(Drill{
	Name:     "two-brokers-down",
	Answered: true,
	Controls: []Control{unclean},
	run:      runTwoBrokersDown,
})

// holding is how long an outage is kept up once it is proved.
const holding = 3 * time.Second

func runTwoBrokersDown(ctx context.Context, s *Stage) error {
	last, others, err := s.lastOfThree(ctx)
	if err != nil {
		return err
	}
	before, _ := s.watch.now()
	f, err := s.strike(twoBrokersDownText("killed", names(others)), func() error { return s.kill(others...) })
	if err != nil {
		return err
	}
	readable := []int{0, 1, 2}
	if s.bench.Brokers.HasZooKeeper() {
		alone := func(now State) bool {
			return now.all(s.transactions, func(p Partition) bool { return p.Leader == last && len(p.InSync) == 1 })
		}
		if _, err := s.watch.must(ctx, "one replica of each partition is in sync", alone); err != nil {
			return err
		}
		s.proved(f, twoBrokersDownText("proof", last))
	} else {
		readable = before.ledBy(s.transactions, last)
		if err := s.noController(ctx); err != nil {
			return err
		}
		s.proved(f, twoBrokersDownText("proof-kraft", last, readable))
	}
	all, messages, err := s.readable(ctx, f.At.Add(-heard), readable)
	if err != nil {
		return err
	}
	s.fact(all, twoBrokersDownText("readable", messages, readable))
	if err := wait.Sleep(ctx, holding); err != nil {
		return err
	}
	return s.lastFalls(ctx, f, last, others)
}

// lastOfThree is the leader of a partition, and the other two brokers.
func (s *Stage) lastOfThree(ctx context.Context) (last int32, others []int32, err error) {
	now, _ := s.watch.now()
	if !s.bench.Brokers.HasZooKeeper() {
		controller, err := s.controller(ctx, noBroker)
		if err != nil {
			return 0, nil, err
		}
		if !slices.Contains(now.Brokers, controller) {
			return 0, nil, &rig.NotRun{
				OtherCluster: true,
				Cause: "the controllers have processes of their own here, as after kraft-migration, and outlive the brokers: this drill is for " +
					"brokers with ZooKeeper, or that are their own controllers",
			}
		}
	}
	if n := len(now.Brokers); n != rig.BrokerCount {
		return 0, nil, &rig.NotRun{Cause: fmt.Sprintf("this drill is for three brokers, and there are %d: stop what is too many", n)}
	}
	last = now.Topics[s.transactions][0].Leader
	return last, slices.DeleteFunc(slices.Clone(now.Brokers), func(id int32) bool { return id == last }), nil
}

// lastFalls kills the last broker as well, and starts those that fell first before it: one of them, or both where they are
// controllers, as one of three cannot elect any.
func (s *Stage) lastFalls(ctx context.Context, f *Fault, last int32, others []int32) error {
	back, first := others[:1], twoBrokersDownText("stale-first", names(others[:1]))
	if !s.bench.Brokers.HasZooKeeper() {
		back, first = others, twoBrokersDownText("two-first", names(others))
	}
	fall, err := s.strike(twoBrokersDownText("last-killed", last), func() error { return s.kill(last) })
	if err != nil {
		return err
	}
	fall.Within = true
	s.Say(first)
	until := time.Now()
	if err := s.start(back...); err != nil {
		return err
	}
	now, err := s.watch.must(ctx, "who fell first is back, and the last is missed",
		func(now State) bool { return slices.Equal(now.Brokers, back) })
	if err != nil {
		return err
	}
	s.proved(fall, twoBrokersDownText("brokers-left", now.Brokers))
	// Long enough for the controller to choose a leader, were it allowed to.
	if err := wait.Sleep(ctx, holding); err != nil {
		return err
	}
	since := time.Now()
	if now, err = s.watch.must(ctx, "the broker that is back answers", func(now State) bool { return now.At.After(since) }); err != nil {
		return err
	}
	if len(back) == 1 {
		s.fact(now.all(s.transactions, func(p Partition) bool { return p.Leader < 0 }), twoBrokersDownText("nobody-leads"))
		until = time.Now()
	} else {
		led := slices.DeleteFunc([]int{0, 1, 2}, func(p int) bool { return now.Topics[s.transactions][p].Leader < 0 })
		s.notes = append(s.notes, twoBrokersDownText("led", names(back), led))
	}
	s.fact(s.meter.between(f.Seen, until) == 0, twoBrokersDownText("nothing-acknowledged", until.Sub(f.Seen).Seconds()))
	return s.restore(ctx, slices.Concat([]int32{last}, others[len(back):])...)
}

// heard is how long before a leader's death a message must have been acknowledged for its followers to know
// that: they hear of it when they fetch again (replica.fetch.wait.max.ms, 500). What they have and do not know
// to be acknowledged, one that leads alone shows only when a second one is back.
const heard = time.Second

// readable reads partitions of the transactions, and holds what is there against what was acknowledged before a moment.
func (s *Stage) readable(ctx context.Context, before time.Time, partitions []int) (all bool, messages int, err error) {
	sends, err := s.bench.Sends("producer")
	if err != nil {
		return false, 0, err
	}
	run := verdict.Run{Writes: []verdict.Write{}}
	for _, send := range sends {
		if send.Outcome == verdict.Acknowledged && send.Ended.Before(before) && slices.Contains(partitions, int(send.Partition)) {
			run.Writes = append(run.Writes, verdict.Write{Message: send.Message, Outcome: send.Outcome})
		}
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known := map[verdict.Message]bool{}
	for _, w := range run.Writes {
		known[w.Message] = true
	}
	for _, p := range partitions {
		log, err := s.bench.TransactionsOf(within, s.transactions, int32(p), kafka.ReadShown)
		if err != nil {
			return false, 0, err
		}
		for _, r := range log {
			if known[r.Message] { // what is newer is not the question
				run.Log = append(run.Log, r)
			}
		}
	}
	lost := len(verdict.Check(run).Lost)
	return lost == 0 && len(run.Writes) > 0, len(run.Writes), nil
}

var zookeeperDownText = Drills.Texts("zookeeper-down")

var _ = add(Drill{
	Name: "zookeeper-down",
	run: func(ctx context.Context, s *Stage) error {
		const dead = 30 * time.Second
		if !s.bench.Brokers.HasZooKeeper() {
			return &rig.NotRun{
				OtherCluster: true,
				Cause: "these brokers have no ZooKeeper to kill: they are their own controllers (KRaft). What is like it there is the " +
					"drill quorum-lost",
			}
		}
		f, err := s.strike(zookeeperDownText("killed"), func() error { return s.kill(rig.ZooKeeper) })
		if err != nil {
			return err
		}
		f.Broker, f.Limit = false, afterStop
		if err := s.noTopic(ctx); err != nil {
			return err
		}
		s.proved(f, zookeeperDownText("proof"))
		if err := wait.Sleep(ctx, time.Until(f.At.Add(dead))); err != nil {
			return err
		}
		count := s.meter.between(f.Seen, time.Now())
		if err := s.restore(ctx, rig.ZooKeeper); err != nil {
			return err
		}
		s.fact(count > 0, zookeeperDownText("acknowledged", count))
		return nil
	},
})

var wholeClusterText = Drills.Texts("whole-cluster")

var _ = add(Drill{
	Name: "whole-cluster",
	run: func(ctx context.Context, s *Stage) error {
		before, _ := s.watch.now()
		all := before.Brokers
		zookeeper := s.bench.Brokers.HasZooKeeper()
		if zookeeper {
			all = append([]int32{rig.ZooKeeper}, all...)
		}
		f, err := s.strike(wholeClusterText("killed", names(all)), func() error { return s.kill(all...) })
		if err != nil {
			return err
		}
		if err := rig.Await(ctx, "nobody answers", func() bool { return s.watch.silent() }); err != nil {
			return err
		}
		s.proved(f, wholeClusterText("proof"))
		if err := wait.Sleep(ctx, holding); err != nil {
			return err
		}
		if zookeeper {
			if err := s.start(rig.ZooKeeper); err != nil {
				return err
			}
		}
		return s.restore(ctx, before.Brokers...)
	},
})
