//go:build brokers

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workshop.example/workshop/experiment"
	labs "workshop.example/workshop/lab"
)

// workshop runs the tool, and returns what it printed and its exit code.
func workshop(t testing.TB, within time.Duration, args ...string) (*program, int) {
	t.Helper()
	p := start(t, nil, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	return p, p.exit(within)
}

// Every lab holds on real brokers too, and leaves no topic behind. In CI a few have their turn: they hold on the
// embedded cluster in every run. One needs real brokers, and is always there.
func TestLabsOnBrokers(t *testing.T) {
	t.Parallel()
	brokers := strings.Join(stack.Brokers, ",")
	list, _ := workshop(t, time.Minute, "lab", "list")
	var names, refused []string
	for _, line := range list.Lines() {
		name := strings.Fields(line)[0]
		switch l, _ := labs.Labs.Find(name); {
		case l.Brokers: // on their pages
		case l.Kafka4: // these brokers are older: TestContainersWithoutZooKeeper runs it
			refused = append(refused, name)
		default:
			names = append(names, name)
		}
	}
	if len(names) < 5 || len(refused) == 0 {
		t.Fatalf("labs: %v; too new for these brokers: %v", names, refused)
	}
	names = append(rotated(t, "labs on real brokers", 5, names), "leader-epoch") // not in the list: it is there for its control
	t.Run("labs", func(t *testing.T) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) { t.Parallel(); labHolds(t, name, brokers) })
		}
		for _, name := range refused {
			t.Run(name, func(t *testing.T) { t.Parallel(); labIsRefused(t, name, brokers) })
		}
	})
	topics, _ := workshop(t, time.Minute, "topics", "list", "--bootstrap-servers", brokers)
	if contains(topics.Lines(), "lab-") {
		t.Errorf("a lab has left topics behind:\n%s", strings.Join(topics.Lines(), "\n"))
	}
}

// labIsRefused: brokers that are too old for a lab are told so, with what to do.
func labIsRefused(t *testing.T, name, brokers string) {
	t.Helper()
	p, code := workshop(t, time.Minute, "lab", "run", name, "--bootstrap-servers", brokers)
	if all := strings.Join(append(p.Lines(), p.Logs()...), " "); code != 2 || !strings.Contains(all, "KRAFT=1 make kafka-up") {
		t.Errorf("%s on brokers that are too old: exit code %d, want 2 and a remedy\n%s", name, code, all)
	}
}

func labHolds(t *testing.T, name, brokers string) {
	t.Helper()
	began := time.Now()
	p, code := workshop(t, 3*time.Minute, "lab", "run", name, "--bootstrap-servers", brokers, "-o", "json")
	var result struct{ Held bool }
	if err := json.Unmarshal([]byte(strings.Join(p.Lines(), "\n")), &result); err != nil {
		t.Errorf("%v; output:\n%s", err, tail(p.Lines()))
	}
	t.Logf("exit code %d after %s", code, time.Since(began).Round(100*time.Millisecond))
	if code != 0 || !result.Held {
		t.Errorf("exit code %d, output:\n%s", code, strings.Join(p.Lines(), "\n"))
	}
}

// The negative controls: every mistake that is put into a lab is caught by it. In CI those that need real brokers
// are always there, and two of the others have their turn: all are caught on the embedded cluster in every run.
func TestControlsOnBrokers(t *testing.T) {
	var needed, others []string
	for _, c := range labs.Labs.Controls() {
		switch {
		case c.Brokers:
			needed = append(needed, c.Name)
		case tooOld(c):
		case !c.Embedded || campaign: // or no broker has a part in it
			others = append(others, c.Name)
		}
	}
	names := append(needed, rotated(t, "controls of labs on real brokers", 2, others)...)
	controls(t, "lab", names, "--brokers", strings.Join(stack.Brokers, ","))
}

// tooOld reports whether the brokers of the lane are too old for the lab of a control.
func tooOld(c experiment.Control) bool {
	l, _ := labs.Labs.Find(c.Of)
	return l.Kafka4
}
