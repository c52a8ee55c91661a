package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/IBM/sarama"

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
	if err := s.needZooKeeper("two brokers are two of the three controllers, and the last one can change nothing"); err != nil {
		return err
	}
	before, _ := s.watch.now()
	if n := len(before.Brokers); n != rig.BrokerCount {
		return &rig.NotRun{Cause: fmt.Sprintf("this drill is for three brokers, and there are %d: stop what is too many", n)}
	}
	last := before.Topics[s.transactions][0].Leader
	others := slices.DeleteFunc(slices.Clone(before.Brokers), func(id int32) bool { return id == last })
	f, err := s.strike(twoBrokersDownText("killed", names(others)), func() error { return s.kill(others...) })
	if err != nil {
		return err
	}
	alone := func(now State) bool {
		return now.all(s.transactions, func(p Partition) bool { return p.Leader == last && len(p.InSync) == 1 })
	}
	if _, err := s.watch.must(ctx, "one replica of each partition is in sync", alone); err != nil {
		return err
	}
	s.proved(f, twoBrokersDownText("proof", last))
	if err := s.readable(ctx, f.At.Add(-heard)); err != nil {
		return err
	}
	if err := wait.Sleep(ctx, holding); err != nil {
		return err
	}

	fall, err := s.strike(twoBrokersDownText("last-killed", last), func() error { return s.kill(last) })
	if err != nil {
		return err
	}
	fall.Within = true
	s.Say(twoBrokersDownText("stale-first", names(others[:1])))
	if err := s.start(others[0]); err != nil {
		return err
	}
	now, err := s.watch.must(ctx, "the first broker is back, and the last is missed",
		func(now State) bool { return slices.Equal(now.Brokers, others[:1]) })
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
	s.fact(now.all(s.transactions, func(p Partition) bool { return p.Leader < 0 }), twoBrokersDownText("nobody-leads"))
	until := time.Now()
	s.fact(s.meter.between(f.Seen, until) == 0, twoBrokersDownText("nothing-acknowledged", until.Sub(f.Seen).Seconds()))
	return s.restore(ctx, last, others[1])
}

// heard is how long before a leader's death a message must have been acknowledged for its followers to know
// that: they hear of it when they fetch again (replica.fetch.wait.max.ms, 500). What they have and do not know
// to be acknowledged, one that leads alone shows only when a second one is back.
const heard = time.Second

// readable reads the transactions, and holds what is there against what was acknowledged before a moment.
func (s *Stage) readable(ctx context.Context, before time.Time) error {
	sends, err := s.bench.Sends("producer")
	if err != nil {
		return err
	}
	run := verdict.Run{Writes: []verdict.Write{}}
	for _, send := range sends {
		if send.Outcome == verdict.Acknowledged && send.Ended.Before(before) {
			run.Writes = append(run.Writes, verdict.Write{Message: send.Message, Outcome: send.Outcome})
		}
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known := map[verdict.Message]bool{}
	for _, w := range run.Writes {
		known[w.Message] = true
	}
	log, err := s.bench.Transactions(within, s.transactions, partitions, kafka.ReadShown)
	if err != nil {
		return err
	}
	for _, r := range log {
		if known[r.Message] { // what is newer is not the question
			run.Log = append(run.Log, r)
		}
	}
	lost := len(verdict.Check(run).Lost)
	s.fact(lost == 0 && len(run.Writes) > 0, twoBrokersDownText("readable", len(run.Writes)))
	return nil
}

// needZooKeeper ends a drill that brokers without ZooKeeper (KRaft) cannot have.
func (s *Stage) needZooKeeper(why string) error {
	if s.bench.Brokers.HasZooKeeper() {
		return nil
	}
	return &rig.NotRun{Cause: "these brokers have no ZooKeeper (KRAFT=1): " + why}
}

var zookeeperDownText = Drills.Texts("zookeeper-down")

var _ = add(Drill{
	Name: "zookeeper-down",
	run: func(ctx context.Context, s *Stage) error {
		const dead = 30 * time.Second
		if err := s.needZooKeeper("there is none to kill"); err != nil {
			return err
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

// noTopic tries to create a topic, and fails unless that takes too long.
func (s *Stage) noTopic(ctx context.Context) error {
	conf := s.bench.Cluster.AdminConfig("workshop")
	conf.Admin.Timeout, conf.Admin.Retry.Max, conf.Net.ReadTimeout = 3*time.Second, 0, 5*time.Second
	client, err := s.bench.Cluster.DialOnce(ctx, conf)
	if err != nil {
		return &rig.NotRun{Cause: "no broker answers while ZooKeeper is down: " + err.Error()}
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		client.Close()
		return err
	}
	defer admin.Close()
	// The broker may hold on to the request, and fulfil it when ZooKeeper is back: it is deleted at the end.
	err = admin.CreateTopic(s.bench.Topic("not-to-be"), &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}, false)
	var late net.Error
	switch {
	case errors.Is(err, sarama.ErrRequestTimedOut), errors.As(err, &late) && late.Timeout():
		return nil
	case err == nil:
		return &rig.NotRun{Cause: "a topic could be created: what was killed is not this cluster's ZooKeeper"}
	}
	return &rig.NotRun{Cause: "creating a topic without ZooKeeper should take too long, and ended so: " + err.Error()}
}

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
