//go:build brokers

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// smallDisk is another machine whose Kafka has a disk of its own, of so many MB.
func smallDisk(t testing.TB, megabytes int) (m *machine, disk string) {
	t.Helper()
	server, _ := machines(t)
	m = newMachine(t, hold(t, append(slices.Clone(server.enter), "unshare", "--mount")))
	m.enter = append(m.enter, "--mount")
	disk = t.TempDir()
	m.must("mount", "-t", "tmpfs", "-o", "size="+strconv.Itoa(megabytes)+"m", "none", disk)
	m.env = []string{"KAFKA_DATA=" + filepath.Join(disk, "kafka")}
	return m, disk
}

// A broker ends at the first write that finds no space. Who asks is told so, nothing starts until there is room, and
// then what was acknowledged is there.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	m, disk := smallDisk(t, 160)
	t.Cleanup(func() { m.kafka("", "reset", 0) })
	m.kafka("BROKERS=1", "up", 0, "up in ")
	at := "BOOTSTRAP_SERVERS=localhost:9091"
	m.says(at, "workshop topics create t", 0, "t created")
	tool := filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop")
	m.must("sh", "-c", at+" seq 100 | "+at+" "+tool+" produce t")

	// The tool is connected before the disk is full: the broker may end by itself then. It would go on trying for a minute; a signal
	// ends it, and it says what it does not know.
	script := fmt.Sprintf("{ seq 100; %[1]s consume t --partition 0 --offset 100 --max 1 --timeout 60s; cat /dev/zero > %[2]s/fill; "+
		"seq 1000; } | timeout 20 %[1]s produce t", tool, disk)
	out, code := m.run([]string{at, "WORKSHOP_LANG=en"}, "sh", "-c", script)
	counted := regexp.MustCompile(`(\d+) messages? acknowledged`).FindStringSubmatch(out)
	if code == 0 || counted == nil || !strings.Contains(out, "were not acknowledged") {
		t.Fatalf("producing on a full disk: exit code %d\n%s", code, out)
	}
	acknowledged, _ := strconv.Atoi(counted[1]) // some, where the last page of the log had room
	acknowledged += 100
	t.Logf("produce says:\n%s", out)
	kafkatest.Eventually(t, "the broker is known to have ended for lack of space", func() bool {
		out, code := m.run([]string{"BROKERS=1"}, filepath.Join(root(t), "scripts", "native-kafka"), "status")
		return code == 1 && strings.Contains(out, "down (no space left on the disk)")
	})
	m.says(at, "workshop cluster", 1, "connection refused; start the cluster",
		"«workshop doctor --bootstrap-servers localhost:9091» says more")
	m.kafka("BROKERS=1", "up", 1, "less than 50 MB are free on the disk of "+disk, "make room")
	m.kafka("BROKERS=1", "start 1", 1, "less than 50 MB are free on the disk of "+disk)

	m.must("rm", filepath.Join(disk, "fill"))
	m.kafka("BROKERS=1", "up", 0, "up in ")
	m.kafka("BROKERS=1", "status", 0, "up")
	// The controller tells a broker first who is there, and then what there is.
	kafkatest.Eventually(t, "the broker knows its topic again", func() bool {
		_, code := m.tool(at, "workshop topics describe t")
		return code == 0
	})
	out, code = m.tool(at, "workshop consume t --from-beginning --to-end")
	if n := strings.Count(out, "\n") - 1; code != 0 || n < acknowledged {
		t.Errorf("%d messages are there, and %d were acknowledged: exit code %d\n%s", n, acknowledged, code, out)
	}
}
