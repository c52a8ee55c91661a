//go:build labs

package acceptance

import (
	"path/filepath"
	"testing"
	"time"
)

// From the folder that scripts/bundle writes a laptop without a network compiles programs, installs kafka-python, and sends to three
// real brokers. Images are not in it here.
func TestBundleNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	scripts := filepath.Join(root(t), "scripts")
	dir := t.TempDir()
	bundle := start(t, nil, filepath.Join(scripts, "bundle"), dir, "source", "modules", "kafka", "python")
	if code := bundle.exit(10 * time.Minute); code != 0 {
		t.Fatalf("scripts/bundle: exit code %d", code)
	}
	script, err := filepath.Abs("testdata/offline.sh")
	if err != nil {
		t.Fatal(err)
	}
	laptop := start(t, []string{"WORKSHOP_LANG=en"}, "env", "--chdir="+t.TempDir(), filepath.Join(scripts, "own-network"), "bash", script, dir)
	if code := laptop.exit(10 * time.Minute); code != 0 || !contains(laptop.Lines(), "20 sent · 20 acknowledged") {
		t.Errorf("exit code %d, want 0 and 20 messages acknowledged", code)
	}
}
