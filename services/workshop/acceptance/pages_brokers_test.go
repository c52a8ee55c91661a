//go:build brokers

package acceptance

import "testing"

// The commands of the pages that need real brokers, which they may kill, one after the other.
func TestPagesOnBrokers(t *testing.T) {
	dir := classroom(t)
	for _, p := range pages(t) {
		t.Run(p.name(), func(t *testing.T) {
			p.run(t, dir, func(s step) bool { return s.has("brokers") && !s.has("docker") })
		})
	}
}
