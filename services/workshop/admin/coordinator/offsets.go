package coordinator

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// Committed returns the offsets that a group has committed. A group that does not exist has none.
func Committed(ctx context.Context, s *session.Session, group string) (map[offset.Place]int64, error) {
	return committed(ctx, s, group, false)
}

// StablyCommitted is Committed, but waits for transactions that are ending: a broker acknowledges a commit a moment before its
// offsets can be seen.
func StablyCommitted(ctx context.Context, s *session.Session, group string) (map[offset.Place]int64, error) {
	return committed(ctx, s, group, true)
}

func committed(ctx context.Context, s *session.Session, group string, stable bool) (offsets map[offset.Place]int64, err error) {
	err = s.Retry(ctx, func() (err error) {
		if offsets, err = fetchOffsets(s, group, stable); err != nil {
			s.Client.RefreshCoordinator(group)
		}
		return err
	})
	return offsets, kafka.Denied(err, kafka.Right{Operation: "Describe", Resource: "group", Name: group})
}

func fetchOffsets(s *session.Session, group string, stable bool) (map[offset.Place]int64, error) {
	coordinator, err := s.Client.Coordinator(group)
	if err != nil {
		return nil, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	req := sarama.NewOffsetFetchRequest(s.Client.Config().Version, group, nil)
	req.RequireStable = stable
	resp, err := coordinator.FetchOffset(req)
	// Of a group that does not exist some brokers say so, others answer that it has no offset.
	if err == nil && !errors.Is(resp.GroupError(), sarama.ErrNoError) && !errors.Is(resp.GroupError(), sarama.ErrGroupIDNotFound) {
		err = resp.GroupError()
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	offsets := map[offset.Place]int64{}
	for topic, blocks := range resp.Blocks {
		for partition, block := range blocks {
			if block.Err != sarama.ErrNoError {
				return nil, fmt.Errorf("offset of group %s in %s/%d: %w", group, topic, partition, block.Err)
			}
			if block.Offset >= 0 {
				offsets[offset.Place{Topic: topic, Partition: partition}] = block.Offset
			}
		}
	}
	return offsets, nil
}

// SetOffsets commits offsets on behalf of a group. It fails if the group has members.
func SetOffsets(s *session.Session, group string, offsets map[offset.Place]int64) error {
	commits := map[string]map[int32]sarama.OffsetAndMetadata{}
	for p, at := range offsets {
		if commits[p.Topic] == nil {
			commits[p.Topic] = map[int32]sarama.OffsetAndMetadata{}
		}
		// Leader epoch -1 is "unknown". With another one a Java consumer may rewind after a change of leader.
		commits[p.Topic][p.Partition] = sarama.OffsetAndMetadata{Offset: at, LeaderEpoch: -1}
	}
	resp, err := s.Admin.AlterConsumerGroupOffsets(group, commits, nil) // which puts refusals into the answer
	if err != nil {
		return err
	}
	for topic, partitions := range resp.Errors {
		for partition, code := range partitions {
			if code == sarama.ErrUnknownMemberId {
				return errJoined
			}
			if code != sarama.ErrNoError {
				return fmt.Errorf("%s/%d: %w", topic, partition, code)
			}
		}
	}
	return nil
}
