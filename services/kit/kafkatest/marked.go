package kafkatest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Mark returns a variable, NAME=value, that tells the processes of one test from all others.
func Mark(t testing.TB) string {
	return fmt.Sprintf("KAFKATEST_MARK=%s-%d", t.Name(), time.Now().UnixNano())
}

// CanSeeMarks reports whether the system tells the environment of a process.
const CanSeeMarks = runtime.GOOS == "linux"

// Marked returns the numbers of the processes that have a variable in their environment; none where the system does not tell.
func Marked(t testing.TB, variable string) []string {
	t.Helper()
	if !CanSeeMarks {
		return nil
	}
	paths, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range paths {
		environ, _ := os.ReadFile(path) // it may have ended meanwhile, or be somebody else's
		if slices.Contains(strings.Split(string(environ), "\x00"), variable) {
			found = append(found, filepath.Base(filepath.Dir(path)))
		}
	}
	return found
}
