//go:build docker

package acceptance

import (
	"path/filepath"
	"testing"
)

// The commands of the pages with Docker, against the stack that runs; bin/ is what «make build» leaves.
func TestPagesInDocker(t *testing.T) {
	up(t)
	t.Cleanup(func() { // others want their ports
		compose(t, "--profile", "*", "down", "-v")
		compose(t, "-f", filepath.Join("compose", "single-broker.yaml"), "down", "-v") // of a page that did not come to its end
	})
	for _, p := range pages(t) {
		t.Run(p.name(), func(t *testing.T) {
			p.run(t, filepath.Join("..", "..", ".."), func(s step) bool { return s.has("docker") && !s.has("brokers") })
		})
	}
}
