package frauddetector

import (
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// One instance a file: a second one says so and ends.
func TestSecondInstance(t *testing.T) {
	t.Parallel()
	c := start(t)
	dir := t.TempDir()
	startDetector(t, c, dir)
	publish(t, c.Producer(), "a", "u-1", "1")
	kafkatest.Eventually(t, "the first one works", func() bool { return len(decided(t, c)) == 1 })
	second := startDetector(t, c, dir)
	if err := second.Wait(); err == nil || !strings.Contains(err.Error(), "another instance") {
		t.Errorf("the second instance ended with %v", err)
	}
}
