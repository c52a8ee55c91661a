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

// Place is a partition of a topic.
type Place struct {
	Topic     string
	Partition int32
}

func SortedPlaces[V any](m map[Place]V) []Place {
	return slices.SortedFunc(maps.Keys(m), func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}

// Bounds are what a partition's log has.
type Bounds struct {
	Start  int64 // the oldest message that is left
	Stable int64 // up to where read_committed reads: the first open transaction, or the end
	End    int64 // where the next message goes
}

// BoundsOf asks the leaders. Partitions without one are left out, as are those of topics that are gone, and
// those whose leader cannot tell for a while.
func BoundsOf(ctx context.Context, s *Session, meta *sarama.MetadataResponse, places []Place) (map[Place]Bounds, error) {
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
		if err != nil && !Retryable(err) {
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

// offsetsAt are those at a time, in milliseconds, or at sarama.OffsetOldest or OffsetNewest. Beside an
// error there are those that are known.
func offsetsAt(ctx context.Context, s *Session, places map[Place]Bounds, at int64, isolation sarama.IsolationLevel) (map[Place]int64, error) {
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

// listOffsets adds to offsets what it is told. The error is that of one of the others.
func listOffsets(s *Session, wanted map[string]map[int32]int64, isolation sarama.IsolationLevel, offsets map[Place]int64) error {
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

// Span is a part of a partition's log whose messages are to be counted.
type Span struct{ From, To int64 }

// Counted is how many messages a span has for a reader of committed ones. Offsets do not tell: markers
// of transactions take some, and the messages of aborted transactions others.
type Counted struct {
	Messages int64
	AtLeast  bool // the count was given up: too many, or too slow
}

// CountLimit is how many messages of a partition are counted. Reading them takes a second or two.
const CountLimit = 1_000_000

// ErrEnough ends a reading whose purpose is fulfilled.
var ErrEnough = errors.New("enough")

// CountMessages reads the spans. It gives up a span at countLimit, and all of them shortly before ctx ends, so
// that there is an answer at all.
func CountMessages(ctx context.Context, s *Session, spans map[Place]Span) (map[Place]Counted, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*3/4)
		defer cancel()
	}
	type result struct {
		Place
		Counted
	}
	results := make(chan result, len(spans))
	var g errgroup.Group
	g.SetLimit(8)
	for p, span := range spans {
		g.Go(func() error {
			n, err := countSpan(ctx, s, p, span)
			results <- result{p, n}
			return err
		})
	}
	err := g.Wait()
	close(results)
	all := map[Place]Counted{}
	for r := range results {
		all[r.Place] = r.Counted
	}
	return all, err
}

func countSpan(ctx context.Context, s *Session, p Place, span Span) (n Counted, err error) {
	if span.From >= span.To {
		return n, nil
	}
	_, err = kafka.ReadTo(ctx, s.Client, p.Topic, p.Partition, span.From, span.To, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		if msg.Offset < span.To {
			n.Messages++
		}
		if n.Messages >= CountLimit || ctx.Err() != nil {
			return ErrEnough
		}
		return nil
	})
	if errors.Is(err, ErrEnough) || ctx.Err() != nil && err != nil {
		n.AtLeast = true
		return n, nil
	}
	return n, err
}

// String is the number, with a plus where there are more.
func (n Counted) String() string {
	if n.AtLeast {
		return fmt.Sprintf("%d+", n.Messages)
	}
	return fmt.Sprint(n.Messages)
}
