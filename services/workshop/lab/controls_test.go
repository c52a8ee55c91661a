package lab

import (
	"testing"
	"time"

	"workshop.example/kit/embedded"
	"workshop.example/kit/service"
	"workshop.example/workshop/rig"
)

// The fault alone is not the mistake: a program without the mistake passes the same fault.
func TestFaultWithoutTheMistake(t *testing.T) {
	t.Parallel()
	for _, c := range Controls() {
		if c.fault == nil {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			l, _ := Find(c.Lab)
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

func TestControlsAreComplete(t *testing.T) {
	names := map[string]bool{}
	for _, c := range Controls() {
		if names[c.Name] || c.Name == "" || c.caught == nil || c.instead == nil && c.run == nil || c.pace > time.Second {
			t.Errorf("control %+v", c)
		}
		names[c.Name] = true
		for _, lang := range []service.Lang{service.Portuguese, service.English} {
			if c.Swap.In(lang) == "" || c.Want.In(lang) == "" {
				t.Errorf("%s lacks words in %s", c.Name, lang)
			}
		}
	}
}
