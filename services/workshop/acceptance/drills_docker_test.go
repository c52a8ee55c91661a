//go:build docker

package acceptance

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"workshop.example/kit/reliability"
	"workshop.example/workshop/drill"
	"workshop.example/workshop/rig"
)

// Labs and drills strike containers as they strike processes: each way lands, and what it did is undone.
func struckInEachWay(t *testing.T) {
	brokers, err := rig.FindBrokers(rig.Options{KafkaData: t.TempDir()}) // no native ones
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct {
		id           int32
		strike, undo func(int32) error
		status       string
		exitCode     int
	}{
		{1, brokers.Pause, brokers.Resume, "paused", 0},
		{2, brokers.Kill, brokers.Start, "exited", 137},
		{3, brokers.Stop, brokers.Start, "exited", 143}, // Java's own end after SIGTERM, within the grace period
	} {
		name := rig.NodeName(way.id)
		if err := way.strike(way.id); err != nil {
			t.Fatal(err)
		}
		c := inspect(t, name)
		if c.State.Status != way.status || c.State.ExitCode != way.exitCode || brokers.Running(way.id) != (way.status == "paused") {
			t.Errorf("%s is %s, exit code %d, running %v; want %s and %d", name, c.State.Status, c.State.ExitCode, brokers.Running(way.id),
				way.status, way.exitCode)
		}
		if way.exitCode == 143 { // its partitions were handed over: nobody waits
			awaitLines(t, "consumer", `{"id_sequencia":`, 3, "--tail", "0")
		}
		if err := way.undo(way.id); err != nil {
			t.Fatal(err)
		}
		awaitHealth(t, "healthy", slices.Concat(cluster, programs)...)
	}
	if err := brokers.Left(); err != nil {
		t.Error(err)
	}
}

// containerDrill is a drill, how often it strikes, and the kind of its faults.
type containerDrill struct {
	name  string
	times int
	kind  string
}

func (d containerDrill) String() string { return d.name }

// Drills strike containers: killed, stopped, frozen, or all at once. TestDrills has them all on brokers that
// are processes.
func drillsInDocker(t *testing.T) {
	all := []containerDrill{
		{"kill-leader", times(2), "docker kill of a broker"},
		{"pause-broker", 1, "docker pause of a broker"},
		{"rolling-restart", 1, "docker stop of a broker"},
		{"zookeeper-down", 0, "docker kill of ZooKeeper"},
		{"whole-cluster", 0, "docker kill of all brokers and ZooKeeper"},
	}
	for _, d := range rotated(t, "drills in containers", 1, all) {
		t.Run(d.name, d.run)
	}
}

func (d containerDrill) run(t *testing.T) {
	args := []string{"drill", "run", d.name, "--json"}
	if d.times > 0 {
		args = append(args, "--times", strconv.Itoa(d.times))
	}
	began := time.Now()
	var out, logs bytes.Buffer
	cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), args...)
	cmd.Env = append(os.Environ(), "KAFKA_DATA="+t.TempDir()) // brokers that run as processes are not meant
	cmd.Stdout, cmd.Stderr = &out, &logs
	err := cmd.Run()
	var r drill.JSON
	if wrong := json.Unmarshal(out.Bytes(), &r); err != nil || wrong != nil || !r.Held {
		t.Errorf("%v, %v\n%s\n%s", err, wrong, &out, &logs)
	}
	t.Logf("%d acknowledged after %s", r.Acknowledged, time.Since(began).Round(time.Second))
	m := reliability.Measurement{
		Guarantee: "an acknowledged transaction is in the log once, in its key's order", Ground: reliability.Containers, Test: t.Name(),
		Seed: r.Seed, Seconds: r.Seconds,
		Events: r.Acknowledged, Faults: map[string]int{}, Lost: r.Lost, Duplicated: r.Duplicated, OutOfOrder: r.OutOfOrder,
	}
	for _, f := range r.Faults {
		t.Logf("%s: silent for %.1f s", f.What, f.Silence)
		if f.Proof != "" {
			m.Faults[d.kind]++
			m.Silence = max(m.Silence, f.Silence)
		}
	}
	if err := reliability.Record(m); err != nil {
		t.Error(err)
	}
	awaitHealth(t, "healthy", slices.Concat(cluster, programs, shop)...) // the stack has survived it too
}
