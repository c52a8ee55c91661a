package process

import (
	"os"
	"path/filepath"
	"testing"
)

func TestThisExecutableIsStartedForAProgramThatItHolds(t *testing.T) {
	Hold(map[string]func(){"held": func() {}, "there": func() {}})
	t.Cleanup(func() { Hold(nil) })
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"held": true, "held.exe": true, "there": true, "nowhere": false} {
		if got := Exists(filepath.Join(dir, name)); got != want {
			t.Errorf("%s exists: %t, want %t", name, got, want)
		}
	}
	p := run(t, "stops", func(c *Command) { c.Path = filepath.Join(dir, "held") })
	if args := p.cmd.Args[0]; args != filepath.Join(dir, "held") {
		t.Errorf("it is called %q", args)
	}
	if !p.Stop(never) {
		t.Errorf("it ended with %s", p.State())
	}
	if p, err := Start(Command{Path: there}); err == nil { // a file of that name comes first
		p.Kill()
		t.Error("a file that is no program was started")
	}
	if p, err := Start(Command{Path: filepath.Join(dir, "nowhere")}); err == nil {
		p.Kill()
		t.Error("a program that nobody holds was started")
	}
}
