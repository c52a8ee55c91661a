//go:build unix

package rig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeDocker notes that it was called, and fails as often as FAILS says, in the words of SAYS.
const fakeDocker = `#!/bin/sh
echo "$*" >> "$CALLS"
[ "$(wc -l < "$CALLS")" -gt "$FAILS" ] && exit
echo "Error response from daemon: Cannot pause container: OCI runtime pause failed: $SAYS" >&2
exit 1
`

// Docker's runtime cannot freeze a container in which a process is about to start. That passes; all else does not.
func TestPauseOfAContainerThatCannotBeFrozenYet(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(fakeDocker), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for _, c := range []struct {
		says, fails string
		calls       int
		ok          bool
	}{
		{"unable to freeze: unknown", "3", 4, true},
		{"unable to freeze: unknown", "1000", freezes, false},
		{"no such container", "1000", 1, false},
	} {
		calls := filepath.Join(t.TempDir(), "calls")
		t.Setenv("CALLS", calls)
		t.Setenv("SAYS", c.says)
		t.Setenv("FAILS", c.fails)
		err := (&dockerBrokers{prefix: "a-"}).Pause(2)
		text, _ := os.ReadFile(calls)
		if (err == nil) != c.ok || string(text) != strings.Repeat("pause a-broker-2\n", c.calls) {
			t.Errorf("%s, %s times: %v after\n%swant %d calls", c.says, c.fails, err, text, c.calls)
		}
	}
}
