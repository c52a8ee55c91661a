package group

import (
	"context"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// sharePartitions returns the partitions in which a share group has a position or a member. Only its coordinator knows which messages
// behind its position are done, so the lag is the coordinator's.
func sharePartitions(
	ctx context.Context, s *session.Session, meta *sarama.MetadataResponse, g coordinator.Group,
) ([]groupPartition, error) {
	starts, err := coordinator.Starts(ctx, s, g.Name)
	if err != nil {
		return nil, err
	}
	has := map[offset.Place]bool{}
	for p := range starts {
		has[p] = true
	}
	for _, m := range g.Members {
		for topic, partitions := range m.Partitions {
			for _, p := range partitions {
				has[offset.Place{Topic: topic, Partition: p}] = true
			}
		}
	}
	places := offset.SortedPlaces(has)
	logs, err := offset.BoundsOf(ctx, s, meta, places)
	if err != nil {
		return nil, err
	}
	partitions := []groupPartition{}
	for _, p := range places {
		line := groupPartition{Topic: p.Topic, Partition: p.Partition}
		if start, ok := starts[p]; ok && start.Offset >= 0 {
			if line.CurrentOffset = &start.Offset; start.Lag >= 0 {
				line.Lag = &start.Lag
			}
		}
		if log, ok := logs[p]; ok {
			line.LogEndOffset = &log.End
		}
		partitions = append(partitions, line)
	}
	return partitions, nil
}
