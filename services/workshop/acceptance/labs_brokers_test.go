//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	labs "workshop.example/workshop/lab"
)

// workshop runs the tool, and returns what it printed and its exit code.
func workshop(t testing.TB, within time.Duration, args ...string) (*program, int) {
	t.Helper()
	p := start(t, nil, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	return p, p.exit(within)
}

// Every lab holds on real brokers too, and leaves no topic behind.
func TestLabsOnBrokers(t *testing.T) {
	brokers := strings.Join(stack.Brokers, ",")
	list, _ := workshop(t, time.Minute, "lab", "list")
	names := []string{"leader-epoch"} // not in the list: it is there for its control
	for _, line := range list.Lines() {
		names = append(names, strings.Fields(line)[0])
	}
	if len(names) < 5 {
		t.Fatalf("labs: %v", names)
	}
	for _, name := range names {
		if l, _ := labs.Find(name); l.Killer { // on their pages
			continue
		}
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			p, code := workshop(t, 3*time.Minute, "lab", "run", name, "--brokers", brokers, "--json")
			var result struct{ Held bool }
			if err := json.Unmarshal([]byte(strings.Join(p.Lines(), "\n")), &result); err != nil {
				t.Errorf("%v; output:\n%s", err, tail(p.Lines()))
			}
			t.Logf("exit code %d after %s", code, time.Since(began).Round(100*time.Millisecond))
			if code != 0 || !result.Held {
				t.Errorf("exit code %d, output:\n%s", code, strings.Join(p.Lines(), "\n"))
			}
		})
	}
	topics, _ := workshop(t, time.Minute, "topics", "list", "--bootstrap-servers", brokers)
	if contains(topics.Lines(), "lab-") {
		t.Errorf("a lab has left topics behind:\n%s", strings.Join(topics.Lines(), "\n"))
	}
}

// The negative controls: every mistake that is put into a lab is caught by it.
func TestControlsOnBrokers(t *testing.T) {
	p, code := workshop(t, 10*time.Minute, "lab", "controls", "--brokers", strings.Join(stack.Brokers, ","))
	t.Log("\n" + strings.Join(p.Lines(), "\n"))
	if want := fmt.Sprintf("controles detectados %d/%[1]d", len(labs.Controls())); code != 0 || !contains(p.Lines(), want) {
		t.Errorf("exit code %d, want 0 and %q", code, want)
	}
}
