package guard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// TestMain makes the test binary serve as the program, which exits with 7 or runs until it is killed.
func TestMain(m *testing.M) {
	switch os.Getenv("GUARDED") {
	case "exit":
		os.Exit(7)
	case "sleep":
		select {}
	}
	os.Exit(m.Run())
}

func TestRunReturnsTheExitCode(t *testing.T) {
	t.Setenv("GUARDED", "exit")
	if code, err := Run(t.Context(), os.Args[:1]); code != 7 || err != nil {
		t.Errorf("got %d, %v, want 7", code, err)
	}
}

func TestRunKillsWhenTheContextEnds(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal on Windows")
	}
	t.Setenv("GUARDED", "sleep")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, err := Run(ctx, os.Args[:1]); code != 128+int(syscall.SIGKILL) || err != nil {
		t.Errorf("got %d, %v, want %d", code, err, 128+int(syscall.SIGKILL))
	}
}

func TestRunNamesAProgramThatCannotBeStarted(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := Run(t.Context(), []string{missing, "argument"})
	if start, ok := errors.AsType[*StartError](err); !ok || start.Words[0] != missing || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want an error that names %s", err, missing)
	}
}
