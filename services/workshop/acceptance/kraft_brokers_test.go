//go:build brokers

package acceptance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// Brokers without ZooKeeper, by the same commands, on the same ports: the programs notice nothing, one broker may die, which is a
// controller too, and messages outlive a stop.
func TestWithoutZooKeeper(t *testing.T) {
	t.Parallel()
	m, _ := machines(t)
	t.Cleanup(func() { m.kafka("", "reset", 0) })
	m.kafka("KRAFT=2", "up", 2, "KRAFT is 1, or 0 for ZooKeeper")
	m.kafka("KRAFT=1", "up", 0, "up in ", "localhost:9091,localhost:9092,localhost:9093")
	out, code := m.run(nil, filepath.Join(root(t), "scripts", "native-kafka"), "status")
	if code != 0 || strings.Contains(out, "zookeeper") || strings.Count(out, " up (pid") != 3 {
		t.Errorf("status: exit code %d\n%s", code, out)
	}
	m.kafka("", "kill zookeeper", 2, "these brokers have no ZooKeeper")
	m.kafka("KRAFT=0", "up", 2, "without ZooKeeper")
	m.kafka("BROKERS=1", "up", 2, "of the three controllers", "BROKERS=3")

	m.says("", "workshop topics apply", 0, "created  3 partitions, 3 replicas")
	m.says("COUNT=50 PACE=0", "producer", 0, "50 acknowledged")
	m.kafka("", "kill 1", 0)
	m.says("COUNT=50 PACE=0", "producer", 0, "50 acknowledged")
	m.says("PACE=0 TRANSACTIONAL_ID=simulator", "score-simulator", 0, "Producer finished.")
	m.says("DELIVERY=exactly-once BOARD_TOPIC=scoreBoard", "scoreboard", 0, "Match finished!", "ids missed: none · ids repeated: none")
	m.kafka("", "start 1", 0)
	m.says("", "workshop doctor --brokers localhost:9091", 0, "controllers 1, 2, 3")
	kafkatest.Eventually(t, "broker 1 is in sync", func() bool {
		out, _ := m.tool("", "workshop cluster")
		return strings.Contains(out, "under-replicated partitions: none")
	})
	m.says("", "workshop drill run kill-leader --times 1", 0, "acknowledged and lost: 0")
	m.says("", "workshop drill run kill-controller --times 1", 0, "acknowledged and lost: 0", "the controller is broker ")
	m.says("", "workshop drill run quorum-lost", 0, "acknowledged and lost: 0", "✓ nobody was elected", "✓ with two of three")
	m.says("", "workshop drill controls leader-alone", 0, "controls caught 1/1")
	const replication = "lab run replication" // which needs a fourth broker
	turn := rotated(t, "drills and labs without ZooKeeper", 1,
		[]string{"drill run two-brokers-down", "drill run whole-cluster", "drill run pause-broker --times 1", replication})
	for _, drill := range turn {
		if drill != replication {
			m.says("", "workshop "+drill, 0, "acknowledged and lost: 0")
		}
	}
	m.says("", "workshop "+replication, 2, "the majority of the three controllers", "make kafka-up BROKERS=4")
	m.says("", "workshop drill run zookeeper-down", 2, "these brokers have no ZooKeeper", "quorum-lost")
	m.kafka("", "kill 2", 0)
	m.kafka("", "kill 3", 0)
	kafkatest.Eventually(t, "the last controller is not active any more", func() bool { // it hopes for the others for a moment
		out, _ := m.tool("", "workshop cluster")
		return strings.Contains(out, "no controller at the moment")
	})
	m.says("", "workshop doctor --brokers localhost:9091", 1, "no controller is active", "more than half of the controllers")
	m.kafka("", "up", 0)
	m.kafka("BROKERS=4", "up", 0, "localhost:9094")
	if slices.Contains(turn, replication) {
		m.says("", "workshop "+replication, 0, "as predicted for replication", "kill -9 of broker 4", "kill -9 of broker 1")
	}
	m.says("", "workshop cluster", 0, "9094")
	m.kafka("", "down", 0, "down; the data stays")
	m.kafka("", "up", 0)
	m.says("", "workshop consume transactions --from-beginning --max 100 --timeout 30s -o json", 0)
	m.kafka("", "reset", 0, "broker-1 (", "broker-3 (")
	entries, err := os.ReadDir(strings.TrimPrefix(m.env[0], "KAFKA_DATA="))
	if err == nil && len(entries) > 0 {
		t.Errorf("reset has left %v", entries)
	}
}
