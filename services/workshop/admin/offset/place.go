// Package offset finds places in the logs of partitions, and counts the messages between two of them.
package offset

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// Place is a partition of a topic.
type Place struct {
	Topic     string
	Partition int32
}

// PlacesOf returns the partitions of a topic.
func PlacesOf(t *sarama.TopicMetadata) []Place {
	var places []Place
	for _, p := range t.Partitions {
		places = append(places, Place{t.Name, p.ID})
	}
	return places
}

// SortedPlaces returns the keys of a map, by topic and partition.
func SortedPlaces[V any](m map[Place]V) []Place {
	return slices.SortedFunc(maps.Keys(m), func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}

// Chosen is a topic and some of its partitions; nil means all.
type Chosen struct {
	Topic      string
	Partitions []int32
}

// places returns the chosen partitions. It fails if one does not exist.
func (c Chosen) places(meta *sarama.MetadataResponse) ([]Place, error) {
	found, err := session.Find(meta, c.Topic)
	if err != nil {
		return nil, err
	}
	there := PlacesOf(found[0])
	if c.Partitions == nil {
		return there, nil
	}
	var places []Place
	for _, n := range c.Partitions {
		p := Place{c.Topic, n}
		if !slices.Contains(there, p) {
			return nil, NoPartition(found[0], n)
		}
		places = append(places, p)
	}
	return places, nil
}

// NoPartition returns the error for a partition that a topic does not have.
func NoPartition(t *sarama.TopicMetadata, partition int32) error {
	return fmt.Errorf("topic %s has no partition %d: it has %s, from 0 to %d",
		t.Name, partition, session.Count(len(t.Partitions), "partition"), len(t.Partitions)-1)
}

// Position is an offset as users name it.
type Position struct {
	At      int64 // sarama.OffsetOldest or OffsetNewest, unless one of the others is true
	isTime  bool  // At is in milliseconds
	IsExact bool  // At is an offset
}

// PositionSyntax says what ParsePosition accepts.
const PositionSyntax = "earliest, latest, an offset such as 42, or a time such as 2026-05-04T09:30:00-03:00"

// ParsePosition parses a position, and reports whether it is one.
func ParsePosition(text string) (Position, bool) {
	switch text {
	case "earliest":
		return Position{At: sarama.OffsetOldest}, true
	case "latest":
		return Position{At: sarama.OffsetNewest}, true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return Position{At: n, IsExact: true}, text[0] != '-'
	}
	when, err := time.Parse(time.RFC3339, text)
	return Position{At: when.UnixMilli(), isTime: true}, err == nil
}

// Resolve returns the offset of a position in each log: of a time that of the first message that is not older, or the end if there
// is none.
func Resolve(ctx context.Context, s *session.Session, p Position, logs map[Place]Bounds) (map[Place]int64, error) {
	offsets := map[Place]int64{}
	if p.isTime {
		found, err := offsetsAt(ctx, s, logs, p.At, sarama.ReadUncommitted)
		if err != nil {
			return nil, err
		}
		offsets = found
	}
	for at, log := range logs {
		switch {
		case p.IsExact:
			offsets[at] = p.At
		case p.isTime && offsets[at] < 0, p.At == sarama.OffsetNewest:
			offsets[at] = log.End
		case p.At == sarama.OffsetOldest:
			offsets[at] = log.Start
		}
	}
	return offsets, nil
}
