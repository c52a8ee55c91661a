package drill

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
	"workshop.example/workshop/rig"
)

var quorumLostText = Drills.Texts("quorum-lost")

var _ = add(Drill{
	Name: "quorum-lost", Controls: []Control{leaderAlone},
	run: func(ctx context.Context, s *Stage) error {
		if s.bench.Brokers.HasZooKeeper() {
			return &rig.NotRun{
				OtherCluster: true,
				Cause:        "these brokers have ZooKeeper, and no quorum of controllers. What is like it here is the drill zookeeper-down",
			}
		}
		last, others, err := s.lastOfThree(ctx)
		if err != nil {
			return err
		}
		before, _ := s.watch.now()
		f, err := s.strike(quorumLostText("killed", names(others)), func() error { return s.kill(others...) })
		if err != nil {
			return err
		}
		if err := s.noController(ctx); err != nil {
			return err
		}
		lost := time.Now()
		if err := s.noTopicOf(last); err != nil {
			return err
		}
		s.proved(f, quorumLostText("proof"))
		if err := s.nothingChanges(ctx, f, lost, before, last); err != nil {
			return err
		}
		return s.quorumBack(ctx, last, others)
	},
})

// noController waits until the controllers that are left have none that is active.
func (s *Stage) noController(ctx context.Context) error {
	return rig.Await(ctx, "no controller is active", func() bool {
		id, err := s.watch.controller()
		return err == nil && id < 0
	})
}

// nothingChanges waits until long after the end of the dead brokers' sessions. With nobody to miss them nobody is elected, and no replica
// leaves those in sync: so there are acknowledgements for none of the partitions, and the last broker shows what it leads.
func (s *Stage) nothingChanges(ctx context.Context, f *Fault, lost time.Time, before State, last int32) error {
	if err := wait.Sleep(ctx, time.Until(f.At.Add(session+holding))); err != nil {
		return err
	}
	since := time.Now()
	now, err := s.watch.must(ctx, "the last broker answers", func(now State) bool { return now.At.After(since) })
	if err != nil {
		return err
	}
	down := time.Since(f.At).Seconds()
	s.fact(reflect.DeepEqual(now.Topics[s.transactions], before.Topics[s.transactions]), quorumLostText("frozen", down))
	led := before.ledBy(s.transactions, last)
	all, messages, err := s.readable(ctx, f.At.Add(-heard), led)
	if err != nil {
		return err
	}
	s.fact(all, quorumLostText("readable", messages, led))
	s.fact(s.meter.between(lost, time.Now()) == 0, quorumLostText("nothing-acknowledged", time.Since(lost).Seconds()))
	return nil
}

// quorumBack starts one of the dead: two of three are enough to elect a controller, and for min.insync.replicas. Then the other.
func (s *Stage) quorumBack(ctx context.Context, last int32, dead []int32) error {
	s.Say(quorumLostText("one-back", names(dead[:1])))
	if err := s.start(dead[0]); err != nil {
		return err
	}
	if _, err := s.controller(ctx, noBroker); err != nil {
		return err
	}
	// The controller is there before the rest of its broker, which reads its logs first.
	two := []int32{last, dead[0]}
	slices.Sort(two)
	if _, err := s.watch.must(ctx, "the last broker and that one are there", func(now State) bool {
		return slices.Equal(now.Brokers, two)
	}); err != nil {
		return err
	}
	up := &Fault{Seen: time.Now()} // how long it takes is a measurement: the prediction is that the third is not needed
	if err := s.acknowledged(ctx, up); err != nil {
		return err
	}
	s.fact(s.meter.since(up.Seen, partitions), quorumLostText("two-of-three", time.Since(up.Seen).Seconds()))
	return s.restore(ctx, dead[1])
}

// late are the settings of a request that is to take too long.
func (s *Stage) late() *sarama.Config {
	conf := s.bench.Cluster.AdminConfig("workshop")
	conf.Admin.Timeout, conf.Admin.Retry.Max, conf.Net.ReadTimeout = 3*time.Second, 0, 5*time.Second
	return conf
}

// noTopic tries to create a topic without ZooKeeper, and fails unless that takes too long.
func (s *Stage) noTopic(ctx context.Context) error {
	client, err := s.bench.Cluster.DialOnce(ctx, s.late())
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
	return tookTooLong("ZooKeeper", admin.CreateTopic(s.bench.Topic("not-to-be"), oneCopy, false))
}

// noTopicOf is noTopic without a quorum, of a broker that is there: Metadata may name a dead one to send that to.
func (s *Stage) noTopicOf(id int32) error {
	known, err := s.bench.Client.Broker(id)
	if err != nil {
		return err
	}
	conf := s.late()
	broker := sarama.NewBroker(known.Addr())
	defer broker.Close()
	broker.Open(conf) // its error is that of CreateTopics too
	resp, err := broker.CreateTopics(&sarama.CreateTopicsRequest{
		Version: 3, Timeout: conf.Admin.Timeout, TopicDetails: map[string]*sarama.TopicDetail{s.bench.Topic("not-to-be"): oneCopy},
	})
	if err == nil {
		for _, refused := range resp.TopicErrors {
			if refused.Err != sarama.ErrNoError {
				err = refused.Err
			}
		}
	}
	return tookTooLong("a quorum", err)
}

var oneCopy = &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}

// tookTooLong holds what became of a topic against what has to become of it.
func tookTooLong(without string, err error) error {
	var late net.Error
	switch {
	case errors.Is(err, sarama.ErrRequestTimedOut), errors.As(err, &late) && late.Timeout():
		return nil
	case err == nil:
		return &rig.NotRun{Cause: "a topic could be created: what was killed is not this cluster's"}
	}
	return &rig.NotRun{Cause: fmt.Sprintf("creating a topic without %s should take too long, and ended so: %v", without, err)}
}
