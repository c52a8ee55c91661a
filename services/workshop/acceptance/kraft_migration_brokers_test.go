//go:build brokers

package acceptance

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// From ZooKeeper to KRaft and to Kafka 4, and the cluster outlives a stop. In CI by hand, step by step; in a campaign under load, by the
// commands of the page: half the way and back, with a mistake that is caught, and then to the end, and nothing is lost.
func TestMigrationFromZooKeeper(t *testing.T) {
	t.Parallel()
	kafka4(t) // its absence would shorten the drill, and not fail it
	m, _ := machines(t)
	t.Cleanup(func() { m.kafka("", "reset", 0) })
	m.kafka("", "migrate controllers", 2, "there is no cluster with ZooKeeper")
	m.kafka("", "upgrade nodes", 2, "native-kafka migrate")
	m.kafka("", "up", 0)
	m.kafka("", "migrate kraft", 2, "the order is migrate controllers, bridge, kraft")
	m.kafka("", "migrate controllers", 0, "LeaderId: 300")
	m.kafka("", "migrate back", 0)
	m.kafka("", "down", 0)
	if campaign {
		migrateUnderLoad(t, m)
	} else {
		migrateByHand(m)
	}
	m.kafka("", "kill zookeeper", 2, "these brokers have no ZooKeeper")
	m.kafka("", "migrate back", 2, "that does not follow finalized")
	m.says("", "workshop drill run kraft-rollback", 2, "make kafka-reset kafka-up")
	m.says("", "workshop drill run quorum-lost", 2, "the controllers have processes of their own")
	m.says("", "workshop drill run kill-controller --times 1", 0, "acknowledged and lost: 0")
	m.kafka("", "down", 0)
	m.kafka("", "up", 0, "up in ")
	m.says("", "workshop doctor --brokers localhost:9091", 0, "controllers 3001, 3002, 3003")
	m.says("", "workshop topics apply", 0)
	m.says("COUNT=50 PACE=0", "producer", 0, "50 acknowledged")
	m.kafka("", "reset", 0, "controller-1 (", "broker-3 (")
	if left, _ := filepath.Glob(filepath.Join(strings.TrimPrefix(m.env[0], "KAFKA_DATA="), "*")); len(left) > 0 {
		t.Errorf("reset has left %v", left)
	}
}

var epochs = regexp.MustCompile(`"kraft_controller_epoch":(\d+).* the broker that is the controller is (\d+)`)

// migrateByHand takes the way back from the middle, then all steps, with messages from before that are there afterwards.
func migrateByHand(m *machine) {
	m.t.Helper()
	m.kafka("", "up", 0)
	m.says("", "workshop topics apply", 0)
	m.says("COUNT=50 PACE=0", "producer", 0, "50 acknowledged")
	m.kafka("", "migrate controllers", 0)
	for _, id := range []string{"1", "2", "3"} { // one of them leads at least: the epoch of KRaft's controller gets ahead of ZooKeeper's
		m.kafka("", "kill controller-"+id, 0)
		m.kafka("", "start controller-"+id, 0)
	}
	m.kafka("", "migrate bridge", 0)
	out, code := m.run(nil, filepath.Join(root(m.t), "scripts", "native-kafka"), "migrate", "back")
	var kraft, elected int
	if found := epochs.FindStringSubmatch(out); code != 0 || found == nil {
		m.t.Fatalf("native-kafka migrate back: exit code %d\n%s", code, out)
	} else {
		fmt.Sscan(found[1], &kraft)
		fmt.Sscan(found[2], &elected)
	}
	// A smaller one may not change what the other has written, and a broker that stops stays the leader.
	if m.t.Logf("epochs: KRaft's %d, the elected broker's %d", kraft, elected); elected <= kraft {
		m.t.Errorf("the broker that was elected on the way back has epoch %d, want more than %d", elected, kraft)
	}
	m.says("COUNT=10 PACE=0", "producer", 0, "10 acknowledged")
	for _, step := range []string{
		"migrate controllers", "migrate bridge", "migrate kraft", "migrate finalize", "stop zookeeper", "upgrade nodes", "upgrade features",
	} {
		m.kafka("", step, 0)
		m.says("COUNT=10 PACE=0", "producer", 0, "10 acknowledged")
	}
	m.says("", "workshop consume transactions --from-beginning --max 130 --timeout 30s -o json", 0)
}

// migrateUnderLoad runs the commands of the page.
func migrateUnderLoad(t *testing.T, m *machine) {
	t.Helper()
	all := pages(t, portuguese)
	p := all[slices.IndexFunc(all, func(p page) bool { return p.name() == "35-kraft-migration" })]
	dir := classroom(t)
	for _, s := range p.steps {
		out, code := m.run(nil, "bash", "-c", "cd "+dir+" && "+s.command)
		if code != 0 {
			t.Fatalf("line %d: %s: exit code %d\n%s", s.line, s.command, code, out)
		}
		for _, want := range s.want {
			if missing, ok := p.check(messages(out), want); !ok {
				t.Errorf("line %d: the output lacks\n%s\nit is:\n%s", s.line, missing, out)
			}
		}
		for line := range strings.Lines(out) {
			if strings.Contains(line, "maior silêncio") || strings.Contains(line, "→") {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}

// messages are the lines of an output without the names of the programs before them.
func messages(out string) (lines []string) {
	for line := range strings.Lines(out) {
		if name, text, ok := strings.Cut(line, " | "); ok && strings.TrimSpace(name) == "workshop" {
			line = text
		}
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	return lines
}
