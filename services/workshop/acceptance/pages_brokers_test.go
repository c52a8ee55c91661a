//go:build brokers

package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// The commands of the pages that need real brokers, which they may kill, one after the other. In CI one of those
// that take long has its turn, and three of the others, in one of the two languages: topics that the one makes by hand would be in the
// way of the other.
func TestPagesOnBrokers(t *testing.T) {
	lang := rotated(t, "languages of pages", 1, []string{portuguese, english})[0]
	long := []string{"10", "17", "21", "22"} // by number
	here := func(s step) bool { return s.has("brokers") && !s.has("docker") }
	all := map[string]page{}
	for _, p := range pages(t, lang) {
		if slices.ContainsFunc(p.steps, here) {
			all[p.number()] = p
		}
	}
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(number string) bool { return slices.Contains(long, number) })
	if len(others)+len(long) != len(all) {
		t.Fatalf("%s are not all pages with commands for brokers", strings.Join(long, ", "))
	}
	dir := classroom(t)
	for _, number := range slices.Concat(rotated(t, "long pages", 1, long), rotated(t, "other pages", 3, others)) {
		t.Run(all[number].name(), func(t *testing.T) { all[number].run(t, dir, here) })
	}
}
