//go:build !windows

package process

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestResumedProgramGoesOn(t *testing.T) {
	p := run(t, "stops")
	if err := errors.Join(p.Pause(), p.Resume()); err != nil {
		t.Fatal(err)
	}
	if !p.Stop(never) {
		t.Errorf("it ended with %s, want that it stopped", p.State())
	}
	if err := p.Pause(); !errors.Is(err, os.ErrProcessDone) || !strings.Contains(err.Error(), "to stops") {
		t.Errorf("a pause after the end: %v", err)
	}
}
