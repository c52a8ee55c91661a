package rig

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// Replicas are the brokers that hold a topic's only partition.
func (b *Bench) Replicas(topic string) (leader int32, followers []int32, err error) {
	broker, err := b.Client.Leader(topic, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("leader of %s: %w", topic, err)
	}
	replicas, err := b.Client.Replicas(topic, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("replicas of %s: %w", topic, err)
	}
	leader = broker.ID()
	followers = slices.DeleteFunc(slices.Clone(replicas), func(id int32) bool { return id == leader })
	slices.Sort(followers)
	if len(followers) != 2 {
		return 0, nil, &NotRun{Cause: fmt.Sprintf("this lab needs three brokers, and %s has %d", topic, len(replicas))}
	}
	return leader, followers, nil
}

// Await waits for a state of the cluster; a *NotRun says that it did not come.
func Await(ctx context.Context, what string, holds func() bool) error {
	for deadline := time.Now().Add(Patience); !holds(); {
		if time.Now().After(deadline) {
			return &NotRun{Cause: fmt.Sprintf("no sign within %s of this: %s", Patience, what)}
		}
		if err := wait.Sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// AwaitCopies waits until every replica has that many messages: readers are shown no more than that.
func (b *Bench) AwaitCopies(ctx context.Context, topic string, messages int) error {
	return Await(ctx, fmt.Sprintf("all replicas of %s have %d messages", topic, messages), func() bool {
		end, err := b.Client.GetOffset(topic, 0, sarama.OffsetNewest)
		return err == nil && end >= int64(messages)
	})
}

// AwaitInSync waits until the partition has that many in-sync replicas.
func (b *Bench) AwaitInSync(ctx context.Context, topic string, replicas int) error {
	return Await(ctx, fmt.Sprintf("%s has %d in-sync replicas", topic, replicas), func() bool {
		if err := b.Client.RefreshMetadata(topic); err != nil {
			return false
		}
		inSync, err := b.Client.InSyncReplicas(topic, 0)
		return err == nil && len(inSync) == replicas
	})
}
