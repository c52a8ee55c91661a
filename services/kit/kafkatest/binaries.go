package kafkatest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Binaries is the folder of the workshop's programs, as BuildBinaries has built them.
func Binaries(t testing.TB) string {
	t.Helper()
	dir, err := BuildBinaries()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// BuildBinaries returns the folder of the workshop's programs, for a TestMain. WORKSHOP_BIN names one that is built
// already. Otherwise they are built into bin/race or bin/test of this tree, which all test packages share: whoever
// comes second finds them up to date, and links nothing. They have the race detector where the test has it.
var BuildBinaries = sync.OnceValues(func() (string, error) {
	workspace, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(workspace)))
	if dir := os.Getenv("WORKSHOP_BIN"); filepath.IsAbs(dir) {
		return dir, nil
	} else if dir != "" {
		return filepath.Join(root, dir), nil
	}
	dir := filepath.Join(root, "bin", "test")
	if raceDetector() {
		dir = filepath.Join(root, "bin", "race")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Test packages run at the same time: without the lock each would link what all of them need.
	locked, err := lockFile(filepath.Join(dir, ".lock"))
	if err != nil {
		return "", err
	}
	defer locked.Close()
	build := GoBuild("-o", dir+string(filepath.Separator), "work")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w\n%s", build.Args, err, out)
	}
	return dir, nil
})

// GoBuild returns the command «go build», with the race detector where the test has it: then most of what it needs is compiled.
func GoBuild(args ...string) *exec.Cmd {
	if raceDetector() {
		args = append([]string{"-race"}, args...)
	}
	return exec.Command("go", append([]string{"build"}, args...)...)
}

// raceDetector: this test is built with it.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
