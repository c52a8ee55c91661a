package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/rig"
)

// clusterWatch asks the brokers that live who leads what. It has connections of its own, each for one
// question: a client goes on asking the one that it knows, which may be dead.
type clusterWatch struct {
	addrs map[int32]string
	conf  *sarama.Config
}

// watchCluster remembers the brokers that there are now.
func watchCluster(b *rig.Bench) *clusterWatch {
	w := &clusterWatch{addrs: map[int32]string{}, conf: b.Cluster.Config("workshop")}
	for _, broker := range b.Client.Brokers() {
		w.addrs[broker.ID()] = broker.Addr()
	}
	return w
}

// metadata is the answer of the first broker that gives one. No topics are all.
func (w *clusterWatch) metadata(topics ...string) (*sarama.MetadataResponse, error) {
	errs := []error{errors.New("no broker answers")}
	for _, addr := range w.addrs {
		broker := sarama.NewBroker(addr)
		if err := broker.Open(w.conf); err != nil {
			errs = append(errs, err)
			continue
		}
		meta, err := broker.GetMetadata(sarama.NewMetadataRequest(w.conf.Version, topics))
		broker.Close()
		if err == nil {
			return meta, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// nobody is the leader of a partition that has none.
const nobody = int32(-1)

// look is the only partition of a topic.
func (w *clusterWatch) look(topic string) (*sarama.PartitionMetadata, error) {
	meta, err := w.metadata(topic)
	if err != nil {
		return nil, err
	}
	if len(meta.Topics) != 1 || len(meta.Topics[0].Partitions) != 1 {
		return nil, fmt.Errorf("%s has not one partition", topic)
	}
	return meta.Topics[0].Partitions[0], nil
}

// awaitLeader waits until a broker leads, or nobody.
func (w *clusterWatch) awaitLeader(ctx context.Context, r *replicated, leader int32) error {
	return rig.Await(ctx, fmt.Sprintf("the leader of %s is %d", r.topic, leader), func() bool {
		p, err := w.look(r.topic)
		return err == nil && p.Leader == leader
	})
}

// awaitOtherLeader waits until another broker leads than the one that is dead.
func (w *clusterWatch) awaitOtherLeader(ctx context.Context, r *replicated, dead int32) error {
	return rig.Await(ctx, fmt.Sprintf("another broker than %d leads %s", dead, r.topic), func() bool {
		p, err := w.look(r.topic)
		return err == nil && p.Leader != dead && p.Leader != nobody
	})
}

// awaitWhole waits until no partition of the cluster lacks a replica.
func (w *clusterWatch) awaitWhole(ctx context.Context) error {
	return rig.Await(ctx, "every replica is in sync", func() bool {
		meta, err := w.metadata()
		if err != nil || len(meta.Brokers) < len(w.addrs) {
			return false
		}
		for _, t := range meta.Topics {
			for _, p := range t.Partitions {
				if len(p.Isr) < len(p.Replicas) || p.Leader == nobody {
					return false
				}
			}
		}
		return true
	})
}

// twoMayDie are three brokers, of which the first two may be dead at a time while leaders are still elected. With ZooKeeper they are any.
// Without it more than half of the controllers have to live: so the first is a broker that is none of them.
func (w *clusterWatch) twoMayDie(zooKeeper bool) ([]int32, error) {
	all := slices.Sorted(maps.Keys(w.addrs))
	if zooKeeper {
		return all[:3], nil
	}
	quorum, err := kafka.DescribeQuorum(w.conf, w.addrs[all[0]])
	if err != nil {
		return nil, err
	}
	var controllers, others []int32
	for _, id := range all {
		if slices.ContainsFunc(quorum.Voters, func(v kafka.Voter) bool { return v.ID == id }) {
			controllers = append(controllers, id)
		} else {
			others = append(others, id)
		}
	}
	if len(controllers) == 0 { // they have processes of their own, as after the drill kraft-migration
		return all[:3], nil
	}
	if len(others) == 0 || len(controllers) < 2 {
		return nil, &rig.NotRun{
			OtherCluster: true,
			Cause: "two brokers die here, and without ZooKeeper the second would take the majority of the three controllers along: nobody would " +
				"be elected any more, as the drill quorum-lost shows. Start a fourth broker, which is no controller: make kafka-up BROKERS=4, " +
				"or docker compose -f compose.kraft.yaml up -d --wait broker-4",
		}
	}
	return append(others[:1:1], controllers[:2]...), nil
}

// placeReplicated makes a topic whose partition is on chosen brokers, the first of which leads.
func placeReplicated(ctx context.Context, b *rig.Bench, w *clusterWatch, r *replicated) error {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	b.Own(r.topic)
	minInSync := fmt.Sprint(r.minInSync)
	detail := &sarama.TopicDetail{
		NumPartitions: -1, ReplicationFactor: -1, ReplicaAssignment: map[int32][]int32{0: r.replicas},
		ConfigEntries: map[string]*string{"min.insync.replicas": &minInSync},
	}
	if _, err := kafka.CreateTopic(ctx, admin, r.topic, detail, nil); err != nil {
		return fmt.Errorf("create topic %s on brokers %v: %w", r.topic, r.replicas, err)
	}
	return rig.Await(ctx, fmt.Sprintf("%s is on the brokers %v", r.topic, r.replicas), func() bool {
		p, err := w.look(r.topic)
		return err == nil && p.Leader == r.replicas[0] && len(p.Isr) == len(r.replicas)
	})
}

// readPatience is how long a topic without a leader is tried to be read.
const readPatience = 5 * time.Second

// readable is how many messages of a topic can be read now.
func readable(ctx context.Context, b *rig.Bench, r *replicated) int {
	reading, cancel := context.WithTimeout(ctx, readPatience)
	defer cancel()
	n := 0
	kafka.ReadShown(reading, b.Client, r.topic, 0, sarama.OffsetOldest, sarama.ReadUncommitted,
		func(*sarama.ConsumerMessage) error { // an error is that no more can be read
			n++
			return nil
		})
	return n
}

// mostHidden is how many of the last acknowledged messages may not be readable while fewer replicas are in
// sync than min.insync.replicas, those of about a second: a follower learns with its next fetch that they are
// acknowledged, and one that leads alone cannot find out by itself. It has them, and they come to light with
// the second replica.
const mostHidden = int(time.Second / sendPace)

// drawReplicas says which broker holds what, as «topics describe» does.
func drawReplicas(b *rig.Bench, watch *clusterWatch, topics []*replicated, when service.Text) {
	header := ""
	for _, r := range topics {
		header += fmt.Sprintf("  RF %d", len(r.replicas))
	}
	b.Say(service.Text{PT: fmt.Sprintf("%-30s%s", when.PT, header), EN: fmt.Sprintf("%-30s%s", when.EN, header)})
	for _, id := range slices.Sorted(slices.Values(topics[len(topics)-1].replicas)) {
		row := fmt.Sprintf("%-30s", fmt.Sprint("  broker ", id))
		for _, r := range topics {
			row += "   " + watch.mark(r, id, !b.Brokers.Running(id)) + "  "
		}
		row = strings.TrimRight(row, " ")
		b.Say(service.Text{PT: row, EN: row})
	}
}

// mark is what a broker is to a topic's partition.
func (w *clusterWatch) mark(r *replicated, id int32, dead bool) string {
	p, err := w.look(r.topic)
	switch {
	case !slices.Contains(r.replicas, id):
		return "."
	case dead || err != nil:
		return "?"
	case p.Leader == id:
		return "L"
	case slices.Contains(p.Isr, id):
		return "f"
	}
	return "!"
}
