// Package controltest runs the labs' controls. They take as long as the labs, and are a package of their own so that both run at
// the same time.
package controltest

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/screen"
)

// atOnce keeps the controls from running all at the same time: they measure time.
var atOnce = make(chan struct{}, 6)

// Every mistake is caught, in the way that it must be.
func TestControls(t *testing.T) {
	for _, c := range lab.Labs.Controls() {
		if c.Brokers {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if c.Of == "zombie" && runtime.GOOS == "windows" {
				return // it pauses a program by a signal
			}
			atOnce <- struct{}{}
			defer func() { <-atOnce }()
			var lines kafkatest.Output
			marked := kafkatest.Mark(t)
			o := experiment.Options{Options: rig.Options{
				Lang: service.English, BinDir: kafkatest.Binaries(t), Seed: 42, Environ: append(os.Environ(), marked, "GORACE=atexit_sleep_ms=0"),
				Screen: screen.New(&lines, &lines, func(string) (string, bool) { return "", false }, "score-simulator"),
			}}
			o.Say = func(text service.Text) { o.Screen.Tell(text.In(o.Lang)) }
			outcome, caught, err := c.Check(t.Context(), o)
			if err != nil || !caught {
				var verdict bytes.Buffer
				if err == nil {
					outcome.Print(&verdict, service.English, false, 100)
				}
				t.Errorf("caught: %t, %v\n%s\n%s", caught, err, &lines, &verdict)
			}
			if left := kafkatest.Marked(t, marked); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			if strings.Contains(lines.String(), "DATA RACE") {
				t.Errorf("a program has a data race:\n%s", &lines)
			}
		})
	}
}
