package lab

import (
	"fmt"
	"slices"
	"testing"

	"workshop.example/kit/service"
)

// The values are those of Kafka's own test of Utils.murmur2.
func TestMurmur2(t *testing.T) {
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
	// As kafka-python 3.0.12 places them.
	for key, want := range map[string]int32{"ana": 1, "bia": 2, "caio": 1, "duda": 2, "eva": 0, "kaua": 0} {
		if got := javaPartition([]byte(key), 3); got != want {
			t.Errorf("key %s goes to %d, want %d", key, got, want)
		}
	}
}

// asSent are ten messages that stand where they are to, each key's in its partition.
func asSent() []placed {
	var all []placed
	for n := range tenMessages {
		key := someKeys[n%len(someKeys)]
		all = append(all, placed{key: key, number: n, partition: javaPartition([]byte(key), threePartitions)})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return int(a.partition - b.partition) })
	for i := 1; i < len(all); i++ {
		if all[i].partition == all[i-1].partition {
			all[i].offset = all[i-1].offset + 1
		}
	}
	return all
}

// Whatever Kafka would do otherwise than predicted turns the verdict red.
func TestPartitionsJudge(t *testing.T) {
	if p := partWithKeys(asSent()); !p.Holds() {
		t.Fatalf("as predicted, and yet: %v", p.Misses())
	}
	for _, c := range []struct {
		name  string
		wrong func([]placed) []placed
		want  string
	}{
		{"one is lost", func(all []placed) []placed { return all[1:] }, "lost: id 3 instead of none"},
		{"one is there twice", func(all []placed) []placed { return append(all, all[9]) }, "duplicated in the topic: id 9 instead of none"},
		{"two have changed places", func(all []placed) []placed {
			all[2].number, all[3].number = all[3].number, all[2].number
			return all
		}, "out of order: id 0 instead of none"},
		{"a key on two partitions", func(all []placed) []placed {
			all[0].key = "ana"
			return all
		}, "did not hold: ana: 4 messages on partition 0, 1; murmur2, as the Java client computes it, says 1"},
		{"a key on another partition", func(all []placed) []placed {
			for i := range all {
				all[i].partition = (all[i].partition + 1) % threePartitions
			}
			return all
		}, "did not hold: bia: 3 messages on partition 0; murmur2, as the Java client computes it, says 2"},
		{"one partition for all", func(all []placed) []placed {
			slices.SortFunc(all, byNumber)
			for i := range all {
				all[i].partition = 0
			}
			return all
		}, "did not hold: read one partition after the other: 0 1 2 3 4 5 6 7 8 9; that is not the order of sending"},
	} {
		var misses []string
		for _, m := range partWithKeys(c.wrong(asSent())).Misses() {
			misses = append(misses, m.In(service.English))
		}
		if !slices.Contains(misses, c.want) {
			t.Errorf("%s: %s, want %s", c.name, fmt.Sprintf("%q", misses), c.want)
		}
	}
}
