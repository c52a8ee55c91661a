package offset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// Bounds are the offsets between which the log of a partition has messages.
type Bounds struct {
	Start  int64 // the oldest message that is left
	Stable int64 // up to where read_committed reads: the first open transaction, or the end
	End    int64 // where the next message goes
}

// BoundsOf asks the leaders of partitions for the bounds of their logs. It leaves out partitions without a leader, of topics that
// do not exist, and those whose leader does not know within a few seconds.
func BoundsOf(ctx context.Context, s *session.Session, meta *sarama.MetadataResponse, places []Place) (map[Place]Bounds, error) {
	led := map[Place]bool{}
	for _, t := range meta.Topics {
		for _, p := range t.Partitions {
			led[Place{t.Name, p.ID}] = p.Leader >= 0
		}
	}
	all := map[Place]Bounds{}
	for _, p := range places {
		if led[p] {
			all[p] = Bounds{}
		}
	}
	for _, kind := range []struct {
		at        int64
		isolation sarama.IsolationLevel
		set       func(*Bounds, int64)
	}{
		{sarama.OffsetOldest, sarama.ReadUncommitted, func(b *Bounds, offset int64) { b.Start = offset }},
		{sarama.OffsetNewest, sarama.ReadUncommitted, func(b *Bounds, offset int64) { b.End = offset }},
		{sarama.OffsetNewest, sarama.ReadCommitted, func(b *Bounds, offset int64) { b.Stable = offset }},
	} {
		offsets, err := offsetsAt(ctx, s, all, kind.at, kind.isolation)
		if err != nil && !session.Retryable(err) {
			return nil, err
		}
		for p, b := range all {
			offset, ok := offsets[p]
			if !ok {
				delete(all, p)
				continue
			}
			kind.set(&b, offset)
			all[p] = b
		}
	}
	return all, nil
}

// ChosenBounds is BoundsOf for chosen partitions. It fails if one does not exist or has no leader.
func ChosenBounds(ctx context.Context, s *session.Session, chosen ...Chosen) (map[Place]Bounds, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, c := range chosen {
		some, err := c.places(meta)
		if err != nil {
			return nil, err
		}
		places = append(places, some...)
	}
	logs, err := BoundsOf(ctx, s, meta, places)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if _, led := logs[p]; !led {
			return nil, fmt.Errorf("%s/%d has no leader at the moment: start its brokers first («workshop topics describe %s»)",
				p.Topic, p.Partition, p.Topic)
		}
	}
	return logs, nil
}

// electionTime is how long a new leader may take to know the offsets of its log.
const electionTime = 3 * time.Second

// offsetsAt returns the offsets at a time, in milliseconds, or at sarama.OffsetOldest or OffsetNewest. With an error it returns
// those that are known.
func offsetsAt(
	ctx context.Context, s *session.Session, places map[Place]Bounds, at int64, isolation sarama.IsolationLevel,
) (map[Place]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, electionTime)
	defer cancel()
	offsets := map[Place]int64{}
	err := s.Retry(ctx, func() error {
		wanted := map[string]map[int32]int64{}
		for p := range places {
			if _, known := offsets[p]; known {
				continue
			}
			if wanted[p.Topic] == nil {
				wanted[p.Topic] = map[int32]int64{}
			}
			wanted[p.Topic][p.Partition] = at
		}
		if len(wanted) == 0 {
			return nil
		}
		return listOffsets(s, wanted, isolation, offsets)
	})
	return offsets, err
}

// listOffsets adds the offsets that the leaders know. The error is one of those of the others.
func listOffsets(s *session.Session, wanted map[string]map[int32]int64, isolation sarama.IsolationLevel, offsets map[Place]int64) error {
	results, err := s.Admin.ListOffsets(wanted, &sarama.ListOffsetsOptions{IsolationLevel: isolation})
	if err != nil {
		err = fmt.Errorf("list offsets: %w", err)
	}
	for topic, partitions := range results {
		for partition, r := range partitions {
			if r.Err != nil && !errors.Is(r.Err, sarama.ErrNoError) {
				err = fmt.Errorf("list offsets of %s/%d: %w", topic, partition, r.Err)
				continue
			}
			offsets[Place{topic, partition}] = r.Offset
		}
	}
	return err
}
