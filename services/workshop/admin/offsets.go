package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/kafka"
)

// place is a partition of a topic.
type place struct {
	topic     string
	partition int32
}

func sortedPlaces[V any](m map[place]V) []place {
	return slices.SortedFunc(maps.Keys(m), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
	})
}

// bounds are what a partition's log has.
type bounds struct {
	start  int64 // the oldest message that is left
	stable int64 // up to where read_committed reads: the first open transaction, or the end
	end    int64 // where the next message goes
}

// bounds asks the leaders. Partitions without one are left out, as are those of topics that are gone, and
// those whose leader cannot tell for a while.
func (s *session) bounds(ctx context.Context, meta *sarama.MetadataResponse, places []place) (map[place]bounds, error) {
	led := map[place]bool{}
	for _, t := range meta.Topics {
		for _, p := range t.Partitions {
			led[place{t.Name, p.ID}] = p.Leader >= 0
		}
	}
	all := map[place]bounds{}
	for _, p := range places {
		if led[p] {
			all[p] = bounds{}
		}
	}
	for _, kind := range []struct {
		at        int64
		isolation sarama.IsolationLevel
		set       func(*bounds, int64)
	}{
		{sarama.OffsetOldest, sarama.ReadUncommitted, func(b *bounds, offset int64) { b.start = offset }},
		{sarama.OffsetNewest, sarama.ReadUncommitted, func(b *bounds, offset int64) { b.end = offset }},
		{sarama.OffsetNewest, sarama.ReadCommitted, func(b *bounds, offset int64) { b.stable = offset }},
	} {
		offsets, err := s.offsets(ctx, all, kind.at, kind.isolation)
		if err != nil && !retryable(err) {
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

// electionTime is how long a leader may take to know the offsets of what it has taken over.
const electionTime = 3 * time.Second

// offsets are those at a time, in milliseconds, or at sarama.OffsetOldest or OffsetNewest. Beside an
// error there are those that are known.
func (s *session) offsets(ctx context.Context, places map[place]bounds, at int64, isolation sarama.IsolationLevel) (map[place]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, electionTime)
	defer cancel()
	offsets := map[place]int64{}
	err := s.again(ctx, func() error {
		wanted := map[string]map[int32]int64{}
		for p := range places {
			if _, known := offsets[p]; known {
				continue
			}
			if wanted[p.topic] == nil {
				wanted[p.topic] = map[int32]int64{}
			}
			wanted[p.topic][p.partition] = at
		}
		if len(wanted) == 0 {
			return nil
		}
		return s.listOffsets(wanted, isolation, offsets)
	})
	return offsets, err
}

// listOffsets adds to offsets what it is told. The error is that of one of the others.
func (s *session) listOffsets(wanted map[string]map[int32]int64, isolation sarama.IsolationLevel, offsets map[place]int64) error {
	results, err := s.admin.ListOffsets(wanted, &sarama.ListOffsetsOptions{IsolationLevel: isolation})
	if err != nil {
		err = fmt.Errorf("list offsets: %w", err)
	}
	for topic, partitions := range results {
		for partition, r := range partitions {
			if r.Err != nil && !errors.Is(r.Err, sarama.ErrNoError) {
				err = fmt.Errorf("list offsets of %s/%d: %w", topic, partition, r.Err)
				continue
			}
			offsets[place{topic, partition}] = r.Offset
		}
	}
	return err
}

// span is a part of a partition's log whose messages are to be counted.
type span struct{ from, to int64 }

// counted is how many messages a span has for a reader of committed ones. Offsets do not tell: markers
// of transactions take some, and the messages of aborted transactions others.
type counted struct {
	Messages int64
	AtLeast  bool // the count was given up: too many, or too slow
}

// countLimit is how many messages of a partition are counted. Reading them takes a second or two.
const countLimit = 1_000_000

// errEnough ends a reading whose purpose is fulfilled.
var errEnough = errors.New("enough")

// count reads the spans. It gives up a span at countLimit, and all of them shortly before ctx ends, so
// that there is an answer at all.
func (s *session) count(ctx context.Context, spans map[place]span) (map[place]counted, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*3/4)
		defer cancel()
	}
	type result struct {
		place
		counted
	}
	results := make(chan result, len(spans))
	var g errgroup.Group
	g.SetLimit(8)
	for p, span := range spans {
		g.Go(func() error {
			n, err := s.countSpan(ctx, p, span)
			results <- result{p, n}
			return err
		})
	}
	err := g.Wait()
	close(results)
	all := map[place]counted{}
	for r := range results {
		all[r.place] = r.counted
	}
	return all, err
}

func (s *session) countSpan(ctx context.Context, p place, span span) (n counted, err error) {
	if span.from >= span.to {
		return n, nil
	}
	_, err = kafka.ReadTo(ctx, s.client, p.topic, p.partition, span.from, span.to, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		if msg.Offset < span.to {
			n.Messages++
		}
		if n.Messages >= countLimit || ctx.Err() != nil {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) || ctx.Err() != nil && err != nil {
		n.AtLeast = true
		return n, nil
	}
	return n, err
}

// String is the number, with a plus where there are more.
func (n counted) String() string {
	if n.AtLeast {
		return fmt.Sprintf("%d+", n.Messages)
	}
	return fmt.Sprint(n.Messages)
}
