package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFailedTests(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	text := "=== RUN   TestA\n--- FAIL: TestA (1.00s)\n    --- PASS: TestA/one (0.50s)\n    --- FAIL: TestA/two (0.50s)\n--- PASS: " +
		"TestB (0.00s)\n" +
		"--- FAIL: TestC (2.00s)\nFAIL\n--- FAIL: TestA (1.00s)\n    --- FAIL: TestA/two (0.50s)\n"
	if err := os.WriteFile(log, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if got, want := failedTests(log), []string{"TestC", "TestA/two"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := failedTests(log + "-is-not-there"); got != nil {
		t.Errorf("got %v of no log, want none", got)
	}
}
