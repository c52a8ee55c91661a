package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/drill"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/report"
)

// What every lab and drill says before and after its run fits the terminal, in both languages, with a student's program too.
func TestTextsOfLabsAndDrillsFit(t *testing.T) {
	var texts int
	for _, spec := range slices.Concat(lab.Labs.All(), drill.Drills.All()) {
		for _, role := range append([]string{""}, spec.Student...) {
			for _, lang := range []service.Lang{service.Portuguese, service.English} {
				for _, width := range []int{120, 80, 60} {
					texts++
					for _, line := range tooWide(t, spec, role, lang, width) {
						t.Errorf("%s %s, %s, %d columns: %s", spec.Name, role, lang, width, line)
					}
				}
			}
		}
	}
	if texts < 6*30 {
		t.Errorf("only %d texts", texts)
	}
}

// The control: a word that no line of the terminal can hold is found.
func TestAWideTextIsFound(t *testing.T) {
	spec := experiment.Spec{Name: "x", Words: report.Words{Will: [3]service.Text{{PT: strings.Repeat("x", 70), EN: "short"}}}}
	for _, c := range []struct {
		lang  service.Lang
		width int
		wide  int
	}{{service.Portuguese, 60, 1}, {service.Portuguese, 80, 0}, {service.English, 60, 0}} {
		if got := tooWide(t, spec, "", c.lang, c.width); len(got) != c.wide {
			t.Errorf("%s, %d columns: %q, want %d", c.lang, c.width, got, c.wide)
		}
	}
}

// tooWide returns the lines that are wider than the terminal.
func tooWide(t *testing.T, spec experiment.Spec, role string, lang service.Lang, width int) (wide []string) {
	t.Helper()
	var out bytes.Buffer
	words := spec.Words.With(role)
	if err := words.Introduce(&out, lang, "lab "+spec.Name+" (semente 42, cluster embutido)", width, nil); err != nil {
		t.Fatal(err)
	}
	part := report.Part{Title: words.Summary, Highest: 47}
	for _, said := range words.Says { // with its verbs, which are about as wide as what stands for them
		part.Facts = append(part.Facts, report.Fact{Text: said})
		part.Notes = append(part.Notes, said)
	}
	report.Result{Name: spec.Name, Words: words, Parts: []report.Part{part}}.Print(&out, lang, false, width)
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSuffix(line, "\n"); fold.Cells(line) > width {
			wide = append(wide, line)
		}
	}
	return wide
}
