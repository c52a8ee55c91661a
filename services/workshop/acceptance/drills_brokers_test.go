//go:build brokers

package acceptance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// drilled is what «workshop drill run --json» prints.
type drilled struct {
	Held                     bool
	Acknowledged, Lost       int
	Duplicated, Missing      int
	OutOfOrder               int `json:"out_of_order"`
	Faults                   []drilledFault
	Checks                   []struct{ Text string }
	Seconds                  float64
	Repeated, Unknown, Goals int
	Restarts                 int
}

type drilledFault struct {
	What, Proof    string
	Broker, Within bool
	Acknowledged   int
	Silence        float64 `json:"silence_seconds"`
	Limit          float64 `json:"limit_seconds"`
}

// What a run of all drills has to amount to: broker faults that were proved, with acknowledgements after
// each, and messages acknowledged.
const (
	faultsWanted       = 25
	acknowledgedWanted = 100_000
)

// Every emergency that the workshop has a drill for, on real brokers: its prediction holds.
func TestDrills(t *testing.T) {
	times := map[string]string{"kill-leader": "5", "kill-controller": "4", "kill-coordinator": "4", "pause-broker": "4", "rolling-restart": "2"}
	list, _ := workshop(t, time.Minute, "drill", "list")
	if len(list.Lines()) < 9 {
		t.Fatalf("drills: %v", list.Lines())
	}
	faults, acknowledged := 0, 0
	for _, line := range list.Lines() {
		name := strings.Fields(line)[0]
		t.Run(name, func(t *testing.T) {
			args := []string{"drill", "run", name, "--json", "--brokers", strings.Join(stack.Brokers, ",")}
			if n := times[name]; n != "" {
				args = append(args, "--times", n)
			}
			r := drillRun(t, args...)
			for _, f := range r.Faults {
				if f.Proof == "" {
					t.Errorf("nothing proved this: %s", f.What)
				}
				if f.Broker && !f.Within {
					faults++
					if f.Acknowledged == 0 {
						t.Errorf("no acknowledgement after this: %s", f.What)
					}
				}
			}
			acknowledged += r.Acknowledged
			// The transaction of the exactly-once scoreboard times out meanwhile, and it goes on by itself.
			if name == "whole-cluster" && r.Restarts > 0 {
				t.Errorf("programs that ended by themselves were started %d times again, want none", r.Restarts)
			}
		})
	}
	t.Logf("%d broker faults, %d messages acknowledged", faults, acknowledged)
	if faults < faultsWanted || acknowledged < acknowledgedWanted {
		t.Errorf("%d broker faults and %d acknowledged messages, want %d and %d at least", faults, acknowledged, faultsWanted, acknowledgedWanted)
	}
	topics, _ := workshop(t, time.Minute, "topics", "list")
	if contains(topics.Lines(), "drill-") {
		t.Errorf("a drill has left topics behind:\n%s", strings.Join(topics.Lines(), "\n"))
	}
}

// drillRun wants a drill to come out as predicted, and logs what it measured.
func drillRun(t *testing.T, args ...string) drilled {
	t.Helper()
	p, code := workshop(t, 8*time.Minute, args...)
	var r drilled
	if err := json.Unmarshal([]byte(strings.Join(p.Lines(), "\n")), &r); err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, tail(p.Logs()))
	}
	t.Logf("%.0f s, %d acknowledged, %d lost, %d duplicated, %d out of order, %d consumed again, %d unknown, %d goals, %d restarts",
		r.Seconds, r.Acknowledged, r.Lost, r.Duplicated, r.OutOfOrder, r.Repeated, r.Unknown, r.Goals, r.Restarts)
	for _, f := range r.Faults {
		t.Logf("%s: silent for %.1f s (limit %.0f), then %d acknowledged", f.What, f.Silence, f.Limit, f.Acknowledged)
	}
	if code != 0 || !r.Held {
		t.Errorf("exit code %d\n%s\nlog:\n%s", code, strings.Join(p.Lines(), "\n"), strings.Join(p.Logs(), "\n"))
	}
	return r
}

// The negative controls: topics that cannot stand a drill turn it red.
func TestDrillControls(t *testing.T) {
	p, code := workshop(t, 8*time.Minute, "drill", "controls")
	t.Log("\n" + strings.Join(p.Lines(), "\n"))
	if code != 0 || !contains(p.Lines(), "controles detectados 2/2") {
		t.Errorf("exit code %d\n%s", code, tail(p.Logs()))
	}
}

// A drill that is interrupted, as a terminal does it, with all its children, puts right what it broke, and
// takes its topics away.
func TestInterruptedDrill(t *testing.T) {
	for drill, blow := range map[string]string{"two-brokers-down": "kill -9 também no broker", "rolling-restart": "o broker 1 é parado"} {
		t.Run(drill, func(t *testing.T) {
			p := start(t, nil, "setsid", filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "drill", "run", drill)
			p.waitFor(blow)
			syscall.Kill(-p.Process.Pid, syscall.SIGINT)
			if code := p.exit(3 * time.Minute); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !contains(p.Logs(), "what was broken is put right") {
				t.Errorf("it says:\n%s", tail(p.Logs()))
			}
			native(t, "status") // an error unless every process answers
			awaitInSync(t, "__consumer_offsets")
			topics, _ := workshop(t, time.Minute, "topics", "list")
			if contains(topics.Lines(), "drill-") {
				t.Errorf("it has left topics behind:\n%s", strings.Join(topics.Lines(), "\n"))
			}
		})
	}
}

// Nothing is struck where a drill would prove nothing, or strike somebody else's brokers.
func TestDrillsRefused(t *testing.T) {
	refused := func(want string, vars []string, args ...string) {
		t.Helper()
		p := start(t, vars, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), append([]string{"drill", "run"}, args...)...)
		if code := p.exit(2 * time.Minute); code != 2 || !contains(p.Logs(), want) {
			t.Errorf("%v %v: exit code %d, want 2 and %q:\n%s", vars, args, code, want, tail(p.Logs()))
		}
	}
	refused("o contêiner broker-1", []string{"KAFKA_DATA=" + t.TempDir(), "DOCKER_HOST=unix:///nowhere"}, "kill-leader")
	refused("there is no drill", nil, "kill-everything")
	refused("--times 2: accepted: none", nil, "two-brokers-down", "--times", "2")
	refused("--times 0: accepted: 1 to 100", nil, "kill-leader", "--times", "0")
	refused("--pace 1ns: accepted: 200us to 50ms", nil, "kill-leader", "--pace", "1ns")

	// Another cluster, on which the brokers here have no part.
	other := start(t, nil, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "up", "--cluster-only", "--ports", "19091,19092,19093")
	kafkatest.Eventually(t, "another cluster is up", func() bool { return contains(other.Logs(), "topics: ") })
	refused("is not ours", nil, "kill-leader", "--brokers", "localhost:19091")
	other.terminate()

	native(t, "kill", "3")
	t.Cleanup(func() { native(t, "up") })
	refused("the cluster is not whole: broker-3 is down", nil, "kill-leader")
	if r := drillRun(t, "drill", "run", "rolling-restart", "--json", "--force"); len(r.Faults) != 3 {
		t.Errorf("%d faults, want 3", len(r.Faults))
	}
}
