//go:build brokers

package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The commands of the pages that need real brokers, which they may kill, one after the other. In CI one of those
// that take long has its turn, and three of the others.
func TestPagesOnBrokers(t *testing.T) {
	long := []string{"10-acks", "17-replication", "21-simulados", "22-ferramentas"}
	here := func(s step) bool { return s.has("brokers") && !s.has("docker") }
	all := map[string]page{}
	for _, p := range pages(t) {
		if slices.ContainsFunc(p.steps, here) {
			all[p.name()] = p
		}
	}
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool { return slices.Contains(long, name) })
	if len(others)+len(long) != len(all) {
		t.Fatalf("%s are not all pages with commands for brokers", strings.Join(long, ", "))
	}
	dir := classroom(t)
	for _, name := range slices.Concat(rotated(t, "long pages", 1, long), rotated(t, "other pages", 3, others)) {
		t.Run(name, func(t *testing.T) { all[name].run(t, dir, here) })
	}
}
