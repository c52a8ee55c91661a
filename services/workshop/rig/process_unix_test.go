//go:build unix

package rig

import (
	"io"
	"os"
	"testing"

	"workshop.example/workshop/screen"
)

// A guard that is killed could not end what it guards: it has to be told, by the end of its input.
func TestKillLetsAGuardEndItsProgram(t *testing.T) {
	out := screen.New(io.Discard, io.Discard, func(string) (string, bool) { return "", false })
	for _, c := range []struct {
		guard bool
		want  string
	}{{true, "ended\n"}, {false, ""}} {
		p, err := start(out, "guard", "1", "/bin/sh", []string{"-c", "cat; echo ended"}, os.Environ(), c.guard)
		if err != nil {
			t.Fatal(err)
		}
		p.Kill()
		var got string
		for _, line := range p.Lines() {
			got += line.Text + "\n"
		}
		if got != c.want {
			t.Errorf("guard %t: it printed %q, want %q", c.guard, got, c.want)
		}
	}
}
