// Package offset finds places in the logs of partitions, and counts the messages between two of them.
package offset

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
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

// ParseChosen parses TOPIC and TOPIC:PARTITION,PARTITION. The name of a topic has no colon.
func ParseChosen(specs []string) ([]Chosen, error) {
	var wanted []Chosen
	for _, spec := range specs {
		name, list, some := strings.Cut(spec, ":")
		c := Chosen{Topic: name}
		if !service.LegalTopic(name) {
			return nil, session.IllegalTopic(name)
		}
		for field := range strings.SplitSeq(list, ",") {
			if !some {
				break
			}
			n, err := strconv.ParseInt(field, 10, 32)
			if err != nil || n < 0 {
				return nil, service.UsageError(fmt.Sprintf("--topic %q: accepted: TOPIC, or TOPIC:PARTITION,PARTITION such as transactions:0,2", spec))
			}
			c.Partitions = append(c.Partitions, int32(n))
		}
		wanted = append(wanted, c)
	}
	return wanted, nil
}

// Places returns the chosen partitions. It fails if one does not exist.
func (c Chosen) Places(meta *sarama.MetadataResponse) ([]Place, error) {
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
