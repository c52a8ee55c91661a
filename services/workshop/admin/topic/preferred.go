package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// electLimit is how long a broker that has just started may take to be in sync again.
const electLimit = 10 * time.Second

// electPreferred gives partitions back to their preferred leaders, and returns how many. After all brokers were stopped one of
// them, the first that is back, leads everything, and a controller looks for that only once in five minutes. It waits for a
// preferred leader that runs and is not in sync yet, and leaves the rest to the controller.
func electPreferred(ctx context.Context, admin sarama.ClusterAdmin, topics []string) (moved int, err error) {
	ctx, cancel := context.WithTimeout(ctx, electLimit)
	defer cancel()
	for {
		ready, late, err := otherLeaders(admin, topics)
		if err != nil || len(ready) == 0 && !late {
			return moved, err
		}
		if len(ready) > 0 {
			results, err := admin.ElectLeaders(sarama.PreferredElection, ready)
			if err != nil {
				return moved, fmt.Errorf("elect preferred leaders: %w", err)
			}
			for _, partitions := range results {
				for _, result := range partitions {
					if result.ErrorCode == sarama.ErrNoError {
						moved++
					}
				}
			}
		}
		if wait.Sleep(ctx, askEvery) != nil {
			return moved, nil
		}
	}
}

// otherLeaders returns the partitions that another than the preferred leader leads, and that one is in sync; late reports whether there
// is a preferred leader that runs and is not in sync.
func otherLeaders(admin sarama.ClusterAdmin, topics []string) (ready map[string][]int32, late bool, err error) {
	brokers, _, err := admin.DescribeCluster()
	if err != nil {
		return nil, false, err
	}
	described, err := admin.DescribeTopics(topics)
	if err != nil {
		return nil, false, err
	}
	ready = map[string][]int32{}
	for _, t := range described {
		for _, p := range t.Partitions {
			if len(p.Replicas) == 0 || p.Leader == p.Replicas[0] {
				continue
			}
			switch preferred := p.Replicas[0]; {
			case slices.Contains(p.Isr, preferred):
				ready[t.Name] = append(ready[t.Name], p.ID)
			case slices.ContainsFunc(brokers, func(b *sarama.Broker) bool { return b.ID() == preferred }):
				late = true
			}
		}
	}
	return ready, late, nil
}

// elect is electPreferred for the topics that were applied and Kafka's own. Who may not elect goes without.
func (a *applier) elect(ctx context.Context, admin sarama.ClusterAdmin) {
	names := []string{"__consumer_offsets", "__transaction_state"}
	for _, t := range a.topics {
		names = append(names, t.Name)
	}
	moved, err := electPreferred(ctx, admin, names)
	if err != nil && !errors.Is(err, sarama.ErrClusterAuthorizationFailed) {
		a.Note("warning: %s", err)
	}
	if moved > 0 {
		a.Note("leaders that are the preferred ones again: %d", moved)
	}
}
