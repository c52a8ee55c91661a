package report

import (
	"slices"
	"strings"

	"workshop.example/kit/service"
)

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

// Lines returns the counts of the parts, a line each.
func (r Result) Lines(lang service.Lang) []string {
	var lines []string
	for _, p := range r.Parts {
		lines = append(lines, strings.TrimSpace(p.Title.In(lang)+" "+p.Line(lang)))
	}
	return lines
}

// Form returns the result for encoding/json.
func (r Result) Form(lang service.Lang) any { return r.JSON(lang) }
