package report

import (
	"slices"

	"workshop.example/kit/service"
)

// Question asks for a number of the verdict before the experiment runs.
type Question struct {
	Part  int    // from 1, in the order of the verdict
	Count string // one of Counts
	Text  service.Text
}

// Counts are the numbers that a question may ask for.
var Counts = []string{"sent", "acknowledged", "shown", "lost", "repeated", "duplicated", "ghosts", "out-of-order"}

// Answer returns the number that a question asks for. It is false where the experiment has no such part.
func (r Result) Answer(q Question) (int, bool) {
	if q.Part > len(r.Parts) {
		return 0, false
	}
	part := r.Parts[q.Part-1]
	switch q.Count {
	case "sent":
		return part.Sent, part.Unread
	case "acknowledged":
		return part.Acknowledged, part.Unread
	case "shown":
		return part.Counted.Processed, !part.Unread
	}
	tallies := part.counts()
	i := slices.IndexFunc(tallies, func(t tally) bool { return t.key == q.Count })
	return len(tallies[i].got), true
}
