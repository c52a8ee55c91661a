package lab

import (
	"fmt"
	"testing"
)

// Other commits than one a batch, and fetches that depend on the batch, turn the verdict red.
func TestTrafficFacts(t *testing.T) {
	one, many, small := readings[0], readings[1], readings[2]
	first := traffic{fetches: 2, commits: fetchMessages}
	for _, c := range []struct {
		reading reading
		traffic traffic
		first   traffic
		want    string
	}{
		{one, first, traffic{}, "[true]"},
		{one, traffic{fetches: 2, commits: fetchMessages - 1}, traffic{}, "[false]"},
		{many, traffic{fetches: 2, commits: 2}, first, "[true true]"},
		{many, traffic{fetches: 3, commits: 2}, first, "[true false]"},
		{many, traffic{fetches: 2, commits: 3}, first, "[false true]"},
		{small, traffic{fetches: 10, commits: 2}, first, "[true true]"},
		{small, traffic{fetches: 9, commits: 2}, first, "[true false]"},
	} {
		held := []bool{}
		for _, f := range c.traffic.facts(c.reading, c.first) {
			held = append(held, f.Held)
		}
		if got := fmt.Sprint(held); got != c.want {
			t.Errorf("%s with %+v: %s, want %s", c.reading.name, c.traffic, got, c.want)
		}
	}
}
