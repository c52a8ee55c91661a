//go:build docker

package acceptance

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/workshop/drill"
)

// kraft is «docker compose ...» of the stack without ZooKeeper. It says nothing of containers that it does not know.
func kraft(t testing.TB, args ...string) string {
	t.Helper()
	out := dockerWith(t, []string{"COMPOSE_FILE=" + kraftFiles()}, append([]string{"compose"}, args...)...)
	if strings.Contains(out, "orphan") {
		t.Errorf("docker compose %s:\n%s", strings.Join(args, " "), out)
	}
	return out
}

func kraftFiles() string { return cmp.Or(os.Getenv("KRAFT_COMPOSE_FILE"), "compose.kraft.yaml") }

// prefixed are the containers of services.
func prefixed(services ...string) (containers []string) {
	for _, s := range services {
		containers = append(containers, os.Getenv("CONTAINER_PREFIX")+s)
	}
	return containers
}

// The stack without ZooKeeper in place of the one with it: the same programs, a lab and two drills. Each has its own messages, and they
// are there when it is back.
func TestContainersWithoutZooKeeper(t *testing.T) {
	erase := func() {
		kraft(t, "--profile", "*", "down", "-v")
		down(t, "--profile", "*", "down", "-v", "--remove-orphans")
	}
	erase()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(kraft(t, "--profile", "*", "logs", "--tail", "15"))
		}
		erase()
	})
	up(t, nil, append([]string{"up", "-d", "--wait"}, cluster...)...)
	asToolWith(t, "", "topics", "apply")
	remembered := func() string {
		return asTool(t, "consume", "transactions", "--from-beginning", "--to-end", "--timeout", "20s")
	}
	asToolWith(t, "with ZooKeeper\n", "produce", "transactions")

	brokers := cluster[1:]
	kraft(t, slices.Concat([]string{"up", "-d", "--build", "--wait"}, brokers, programs)...)
	awaitHealth(t, "healthy", prefixed(slices.Concat(brokers, programs)...)...)
	if left := docker(t, "ps", "-aq", "--filter", "name=^"+prefixed("zookeeper")[0]+"$"); left != "" {
		t.Errorf("ZooKeeper's container is still there: %s", left)
	}
	for container, text := range map[string]string{
		"consumer": `{"id_sequencia":1,`, "scoreboard": "TeamA      TeamB", "monitor": "partições observadas: 0, 1, 2",
	} {
		awaitLog(t, prefixed(container)[0], text)
	}
	if out := remembered(); strings.Contains(out, "with ZooKeeper") {
		t.Errorf("the brokers without ZooKeeper have messages of the others:\n%s", out)
	}
	t.Run("the commands of docs/kraft.md", func(t *testing.T) {
		t.Setenv("COMPOSE_FILE", kraftFiles())
		pageOfDocs(t, "kraft")
	})
	if out := asTool(t, "cluster"); strings.Count(out, "controller\n") != 1 || !strings.Contains(out, "v4.") {
		t.Errorf("one of three brokers of Kafka 4 is the controller:\n%s", out)
	}
	// Kafka 4 refuses the small segments of the second by their usual name; the third needs it.
	for _, lab := range []string{"exactly-once", "retention", "share-group"} {
		if out := kraft(t, "run", "--rm", "workshop", "lab", "run", lab); !strings.Contains(out, "→ como previsto para "+lab) ||
			strings.Contains(out, "NÃO como previsto") {
			t.Errorf("the lab %s:\n%s", lab, out)
		}
	}
	for _, name := range []string{"kill-leader", "quorum-lost"} {
		drillWithoutZooKeeper(t, name)
	}
	asToolWith(t, "without ZooKeeper\n", "produce", "transactions")

	up(t, nil, append([]string{"up", "-d", "--wait"}, cluster...)...)
	var out string
	eventually(t, "the message of the cluster with ZooKeeper is read again", func() bool {
		out = remembered()
		return strings.Contains(out, "with ZooKeeper\n")
	})
	if strings.Contains(out, "without") {
		t.Errorf("back on ZooKeeper, the topic has:\n%s", out)
	}
}

// asToolWith is asTool with a standard input, and wants success.
func asToolWith(t testing.TB, input string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("workshop %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func drillWithoutZooKeeper(t *testing.T, name string) {
	t.Helper()
	t.Setenv("KAFKA_DATA", t.TempDir()) // brokers that run as processes are not meant
	args := []string{"drill", "run", name, "--json"}
	if name == "kill-leader" {
		args = append(args, "--times", "1")
	}
	cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	out, err := cmd.Output()
	var r drill.JSON
	if wrong := json.Unmarshal(out, &r); err != nil || wrong != nil || !r.Held || r.Lost+r.Duplicated+r.OutOfOrder > 0 {
		t.Errorf("%s: %v, %v\n%s", name, err, wrong, out)
	}
	for _, f := range r.Faults {
		t.Logf("%s: silent for %.1f s", f.What, f.Silence)
	}
}
