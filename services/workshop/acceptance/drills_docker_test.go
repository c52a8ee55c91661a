//go:build docker

package acceptance

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The drills strike containers as they strike processes: killed, stopped, frozen, and all at once.
func TestDrillsInDocker(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", bin, "work")
	build.Dir = filepath.Join("..", "..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build work: %v\n%s", err, out)
	}
	compose(t, append([]string{"up", "-d", "--wait"}, cluster...)...)
	t.Cleanup(func() { compose(t, "--profile", "*", "down", "-v") })
	for _, args := range [][]string{{"kill-leader", "--times", "2"}, {"pause-broker", "--times", "1"}, {"rolling-restart"}, {"zookeeper-down"}, {"whole-cluster"}} {
		t.Run(args[0], func(t *testing.T) {
			began := time.Now()
			var out, logs bytes.Buffer
			cmd := exec.Command(filepath.Join(bin, "workshop"), append(append([]string{"drill", "run"}, args...), "--json")...)
			cmd.Stdout, cmd.Stderr = &out, &logs
			err := cmd.Run()
			var r struct {
				Held         bool
				Acknowledged int
				Faults       []struct {
					What, Proof string
					Silence     float64 `json:"silence_seconds"`
				}
			}
			if wrong := json.Unmarshal(out.Bytes(), &r); err != nil || wrong != nil || !r.Held {
				t.Fatalf("%v, %v\n%s\n%s", err, wrong, &out, &logs)
			}
			t.Logf("%d acknowledged, as predicted, after %s", r.Acknowledged, time.Since(began).Round(time.Second))
			for _, f := range r.Faults {
				t.Logf("%s: silent for %.1f s", f.What, f.Silence)
			}
		})
	}
	compose(t, append([]string{"up", "-d", "--wait"}, cluster...)...) // all of them are healthy again
}
