package lab

import (
	"iter"
	"testing"
	"time"

	"workshop.example/kit/embedded"
	"workshop.example/workshop/rig"
)

// The fault alone is not the mistake: a program without the mistake passes the same fault.
func TestFaultWithoutTheMistake(t *testing.T) {
	t.Parallel()
	for l, c := range faultyControls() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if c.run != nil {
				l.run = c.run
			}
			result, err := run(t, t.Context(), l, rig.Options{Pace: c.pace, Break: func(cluster *embedded.Cluster) { cluster.Fault(c.fault()) }})
			if err != nil {
				t.Fatal(err)
			}
			if !result.Held() || c.caught(result.Parts) {
				t.Error("red without the mistake")
			}
		})
	}
}

// faultyControls yields the controls that use a fault of the embedded cluster, with their labs.
func faultyControls() iter.Seq2[Lab, Control] {
	return func(yield func(Lab, Control) bool) {
		for _, l := range defined {
			for _, c := range l.Controls {
				if c.fault != nil && !yield(l, c) {
					return
				}
			}
		}
	}
}

func TestControlsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, l := range defined {
		for _, c := range l.Controls {
			if names[c.Name] || c.Name == "" || c.caught == nil || c.instead == nil && c.run == nil || c.pace > time.Second {
				t.Errorf("control %+v", c)
			}
			names[c.Name] = true
		}
	}
	for _, c := range Labs.Controls() {
		if c.Swap.PT == "" || c.Swap.EN == "" || c.Want.PT == "" || c.Want.EN == "" {
			t.Errorf("%s lacks words", c.Name)
		}
	}
}
