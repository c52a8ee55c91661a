package report

import "slices"

// Result is the outcome of an experiment.
type Result struct {
	Name string
	Words
	Seed  uint64
	Parts []Part

	Timeline Timeline
}

// Held reports whether the prediction held, in every part.
func (r Result) Held() bool {
	return !slices.ContainsFunc(r.Parts, func(p Part) bool { return !p.Holds() })
}
