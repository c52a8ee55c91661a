package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// Topics creates topics for this run and returns the names that they have there.
func (b *Bench) Topics(ctx context.Context, topics ...kafka.Topic) error {
	// One at a time: of two that open a broker's connection at once, sarama tells one that there is none.
	b.creating.Lock()
	defer b.creating.Unlock()
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	var names []string
	for _, t := range topics {
		names = append(names, t.Name)
	}
	b.Own(names...)
	if _, err := kafka.ApplyTopics(ctx, admin, topics, nil); err != nil {
		return err
	}
	// Each broker learns of them in its own time.
	return Await(ctx, "the brokers know "+strings.Join(names, ","), func() bool { return b.Client.RefreshMetadata(names...) == nil })
}

// Own notes topics for the end, when they are deleted.
func (b *Bench) Own(topics ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.topics = append(b.topics, topics...)
}

// Topic is the name that a topic has in this run, whoever creates it; it is deleted at the end.
func (b *Bench) Topic(name string) string {
	name = b.Name(name)
	b.Own(name)
	return name
}

// Name is a topic's or a group's name in this run.
func (b *Bench) Name(name string) string { return b.prefix + name }

// Group is the name that a consumer group has in this run; it is deleted at the end.
func (b *Bench) Group(name string) string {
	name = b.Name(name)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups = append(b.groups, name)
	return name
}

// removeTopics leaves somebody else's cluster as it was. What cannot be removed is in nobody's way:
// the next run has other names.
func (b *Bench) removeTopics() {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return
	}
	for _, topic := range b.topics {
		admin.DeleteTopic(topic)
	}
	for _, group := range b.groups {
		kafka.DeleteGroup(admin, group)
	}
}

// Committed is the offset that a group has committed, -1 where it has none.
func (b *Bench) Committed(group, topic string, partition int32) (int64, error) {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return 0, err
	}
	offsets, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {partition}})
	if errors.Is(err, sarama.ErrGroupIDNotFound) { // nobody has ever joined it
		return -1, nil
	}
	if err != nil {
		return 0, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	block := offsets.GetBlock(topic, partition)
	if block == nil {
		return 0, errors.New("the coordinator's answer leaves the partition out")
	}
	if block.Err != sarama.ErrNoError {
		return 0, fmt.Errorf("offsets of group %s: %w", group, block.Err)
	}
	return block.Offset, nil
}
