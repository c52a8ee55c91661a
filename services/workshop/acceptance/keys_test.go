//go:build labs || brokers

package acceptance

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// sender sends a message for each key to a topic, with some client.
type sender struct {
	name string
	send func(t testing.TB, topic string, keys []string)
}

// feed runs a program with some input, and wants it to go well.
func feed(t testing.TB, stdin, path string, args ...string) {
	t.Helper()
	cmd := exec.Command(path, args...)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, &out)
	}
}

// keyed are lines as the console producers want them.
func keyed(keys []string) string { return strings.Join(keys, ":x\n") + ":x\n" }

// bySarama and byPython are the two clients that every lane has.
func bySarama(cluster kafka.Cluster) sender {
	return sender{"workshop produce", func(t testing.TB, topic string, keys []string) {
		feed(t, keyed(keys), filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"),
			"produce", topic, "--key-separator", ":", "--bootstrap-servers", strings.Join(cluster.Brokers, ","))
	}}
}

func byPython(cluster kafka.Cluster) sender {
	return sender{"kafka-python", func(t testing.TB, topic string, keys []string) {
		feed(t, strings.Join(keys, "\n")+"\n", os.Getenv("WORKSHOP_PYTHON"),
			filepath.Join("testdata", "keys.py"), strings.Join(cluster.Brokers, ","), topic)
	}}
}

// wantSamePlaces lets each client send the same keys to a topic of its own, and wants them on the same
// partitions, as a reader finds them.
func wantSamePlaces(t *testing.T, cluster kafka.Cluster, newTopic func() string, senders ...sender) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	keys := []string{"ana", "bia", "duda", "eva", "joão", "ação de graças", "日本"} // murmur2 is of bytes
	for len(keys) < 300 {
		key := make([]byte, 1+rng.IntN(40))
		for i := range key {
			key[i] = "abcdefghijklmnopqrstuvwxyz0123456789@.-_"[rng.IntN(40)]
		}
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var places []map[string]int32
	for _, s := range senders {
		topic := newTopic()
		s.send(t, topic, keys)
		messages, err := kafkatest.ReadAll(cluster, topic)
		if err != nil {
			t.Fatal(err)
		}
		place := map[string]int32{}
		for _, msg := range messages {
			place[string(msg.Key)] = msg.Partition
		}
		if len(messages) != len(keys) || len(place) != len(keys) {
			t.Fatalf("%s: %d messages with %d keys, want %d", s.name, len(messages), len(place), len(keys))
		}
		places = append(places, place)
	}
	for i, s := range senders[1:] {
		for _, key := range keys {
			if ours, its := places[0][key], places[i+1][key]; ours != its {
				t.Errorf("key %q: %s puts it on partition %d, %s on %d", key, senders[0].name, ours, s.name, its)
			}
		}
	}
	used := map[int32]bool{}
	for p := range maps.Values(places[0]) {
		used[p] = true
	}
	if len(used) != 3 {
		t.Errorf("%d partitions are used: too few to tell", len(used))
	}
}
