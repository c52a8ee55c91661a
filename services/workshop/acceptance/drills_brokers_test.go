//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/workshop/drill"
)

// drilled is what «workshop drill run --json» prints.
type drilled struct {
	Seed                     uint64
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

// drillKinds are what the drills do to the cluster, how often each does it in a campaign, where it can be told
// (once otherwise), and the broker faults that have to be proved each time: 25 in a campaign.
var drillKinds = map[string]struct {
	kind          string
	times, faults int
}{
	"kill-leader":      {killedBroker, 5, 1},
	"kill-controller":  {killedBroker, 4, 1},
	"kill-coordinator": {killedBroker, 4, 1},
	"pause-broker":     {pausedBroker, 4, 1},
	"rolling-restart":  {endedBroker, 2, 3},
	"two-brokers-down": {"kill -9 of two brokers, then of the third", 0, 1},
	"whole-cluster":    {"kill -9 of all brokers and ZooKeeper", 0, 1},
	"zookeeper-down":   {"kill -9 of ZooKeeper", 0, 0},
	"consumer-storm":   {"consumers come, leave and are killed", 0, 0},
}

// acknowledgedEach is how many messages are acknowledged at least for each broker fault: 100,000 in a campaign.
const acknowledgedEach = 4000

// Every emergency that the workshop has a drill for, on real brokers: its prediction holds. In CI the leader
// always dies, and two others of the drills have their turn.
func TestDrills(t *testing.T) {
	list, _ := workshop(t, time.Minute, "drill", "list")
	if len(list.Lines()) < 9 {
		t.Fatalf("drills: %v", list.Lines())
	}
	var others []string
	for _, line := range list.Lines() {
		name := strings.Fields(line)[0]
		if name == "quorum-lost" || strings.HasPrefix(name, "kraft-") { // TestWithoutZooKeeper and TestMigrationFromZooKeeper have them
			continue
		}
		if _, known := drillKinds[name]; !known {
			t.Fatalf("nobody says what the drill %s has to amount to", name)
		}
		if name != "kill-leader" {
			others = append(others, name)
		}
	}
	faults, acknowledged, wanted := 0, 0, 0
	for _, name := range append([]string{"kill-leader"}, rotated(t, "drills beside kill-leader", 2, others)...) {
		d := drillKinds[name]
		wanted += d.faults * max(1, times(d.times))
		t.Run(name, func(t *testing.T) {
			args := []string{"drill", "run", name, "-o", "json", "--bootstrap-servers", strings.Join(stack.Brokers, ",")}
			if d.times > 0 {
				args = append(args, "--times", strconv.Itoa(times(d.times)))
			}
			began := time.Now()
			r := drillRun(t, args...)
			silence := 0.0
			for _, f := range r.Faults {
				silence = max(silence, f.Silence)
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
			recordOnBrokers(t, began, reliability.Measurement{
				Guarantee: "an acknowledged transaction is in the log once, in its key's order", Seed: r.Seed, Events: r.Acknowledged,
				Faults: map[string]int{d.kind: len(r.Faults)}, Lost: r.Lost, Duplicated: r.Duplicated, OutOfOrder: r.OutOfOrder, Silence: silence,
			})
			// The transaction of the exactly-once scoreboard times out meanwhile, and it goes on by itself.
			if name == "whole-cluster" && r.Restarts > 0 {
				t.Errorf("programs that ended by themselves were started %d times again, want none", r.Restarts)
			}
		})
	}
	t.Logf("%d broker faults, %d messages acknowledged", faults, acknowledged)
	if faults < wanted || acknowledged < wanted*acknowledgedEach {
		t.Errorf("%d broker faults and %d acknowledged messages, want %d and %d at least", faults, acknowledged, wanted, wanted*acknowledgedEach)
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

// The negative controls: topics that cannot stand a drill turn it red. In CI one has its turn.
func TestDrillControls(t *testing.T) {
	var names []string
	for _, c := range drill.Drills.Controls() {
		if c.Of != "quorum-lost" && c.Of != "kraft-rollback" { // TestWithoutZooKeeper and TestMigrationFromZooKeeper have them
			names = append(names, c.Name)
		}
	}
	controls(t, "drill", rotated(t, "controls of the drills", 1, names))
}

// controls lets the tool carry out controls of its labs or drills, and wants all of them caught.
func controls(t *testing.T, of string, names []string, flags ...string) {
	t.Helper()
	began := time.Now()
	p, code := workshop(t, 10*time.Minute, slices.Concat([]string{of, "controls"}, names, flags)...)
	t.Log("\n" + strings.Join(p.Lines(), "\n"))
	if want := fmt.Sprintf("controles detectados %d/%[1]d", len(names)); code != 0 || !contains(p.Lines(), want) {
		t.Errorf("exit code %d, want 0 and %q\n%s", code, want, tail(p.Logs()))
		return
	}
	recordOnBrokers(t, began, reliability.Measurement{
		Guarantee: "a " + of + " with a mistake in it turns red", Controls: len(names), Caught: len(names),
	})
}

// A drill that is interrupted, as a terminal does it, with all its children, puts right what it broke, and
// takes its topics away. In CI one of two has its turn.
func TestInterruptedDrill(t *testing.T) {
	blows := map[string]string{"two-brokers-down": "kill -9 também no broker", "rolling-restart": "o broker 1 é parado"}
	for _, name := range rotated(t, "interrupted drills", 1, slices.Sorted(maps.Keys(blows))) {
		t.Run(name, func(t *testing.T) {
			p := start(t, nil, "setsid", filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "drill", "run", name)
			kafkatest.EventuallyWithin(t, 3*time.Minute, "the drill says "+blows[name], func() bool { return contains(p.Lines(), blows[name]) })
			syscall.Kill(-p.Process.Pid, syscall.SIGINT)
			if code := p.exit(3 * time.Minute); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if !contains(p.Logs(), "o que estava quebrado foi consertado") {
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
		p := start(t, append(vars, "WORKSHOP_LANG=en"), filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"),
			append([]string{"drill", "run"}, args...)...)
		if code := p.exit(2 * time.Minute); code != 2 || !contains(p.Logs(), want) {
			t.Errorf("%v %v: exit code %d, want 2 and %q:\n%s", vars, args, code, want, tail(p.Logs()))
		}
	}
	refused("looked for: container broker-1", []string{"KAFKA_DATA=" + t.TempDir(), "DOCKER_HOST=unix:///nowhere"}, "kill-leader")
	refused("there is no drill", nil, "kill-everything")
	refused("--times 2: accepted: none", nil, "two-brokers-down", "--times", "2")
	refused("--times 0: accepted: 1 to 100", nil, "kill-leader", "--times", "0")
	refused("--pace 1ns: accepted: 200us to 50ms", nil, "kill-leader", "--pace", "1ns")

	// Another cluster, on which the brokers here have no part.
	other := start(t, nil, filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), "up", "--cluster-only", "--ports", "19091,19092,19093")
	kafkatest.Eventually(t, "another cluster is up", func() bool { return contains(other.Logs(), "tópicos: ") })
	refused("is not ours", nil, "kill-leader", "--brokers", "localhost:19091")
	other.terminate()

	native(t, "kill", "3")
	t.Cleanup(func() { native(t, "up") })
	refused("the cluster is not whole: broker-3 is down", nil, "kill-leader")
	if r := drillRun(t, "drill", "run", "kill-leader", "--times", "1", "--json", "--force"); len(r.Faults) != 1 {
		t.Errorf("%d faults, want 1", len(r.Faults))
	}
}
