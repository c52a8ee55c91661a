package rig

import (
	"context"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// PlaceLeader makes a topic all of whose partitions are led by one broker, which does not coordinate the group,
// where there is another. A client has one connection to a broker, and a commit on it waits behind the fetch:
// with the partitions spread, some workers would be slower than others for no reason of theirs.
func (b *Bench) PlaceLeader(ctx context.Context, topic string, partitions int32, group string) error {
	var coordinator *sarama.Broker
	err := Await(ctx, "the group "+group+" has a coordinator", func() bool {
		var err error
		coordinator, err = b.Client.Coordinator(group)
		return err == nil
	})
	if err != nil {
		return err
	}
	replicas := []int32{}
	for _, broker := range b.Client.Brokers() {
		replicas = append(replicas, broker.ID())
	}
	slices.Sort(replicas)
	i := max(0, slices.IndexFunc(replicas, func(id int32) bool { return id != coordinator.ID() }))
	leader := replicas[i]
	replicas = append([]int32{leader}, slices.Delete(replicas, i, i+1)...)
	assignment := map[int32][]int32{}
	for partition := range partitions {
		assignment[partition] = replicas[:min(len(replicas), 3)]
	}
	b.creating.Lock()
	defer b.creating.Unlock()
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	b.Own(topic)
	detail := &sarama.TopicDetail{NumPartitions: -1, ReplicationFactor: -1, ReplicaAssignment: assignment}
	if _, err := kafka.CreateTopic(ctx, admin, topic, detail, nil); err != nil {
		return fmt.Errorf("create topic %s led by broker %d: %w", topic, leader, err)
	}
	for partition := range partitions {
		if b.Embedded == nil {
			break
		}
		if err := b.Embedded.MoveTopicPartition(topic, partition, leader); err != nil { // it counts an assignment, and does not follow it
			return fmt.Errorf("lead %s by broker %d: %w", topic, leader, err)
		}
	}
	return Await(ctx, fmt.Sprintf("broker %d leads %s", leader, topic), func() bool {
		if b.Client.RefreshMetadata(topic) != nil {
			return false
		}
		for partition := range partitions {
			if broker, err := b.Client.Leader(topic, partition); err != nil || broker.ID() != leader {
				return false
			}
		}
		return true
	})
}
