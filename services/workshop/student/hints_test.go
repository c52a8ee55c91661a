package student

import (
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Silence has several causes, and each has a hint of its own.
func TestHintsOfSilence(t *testing.T) {
	const (
		silent   = "nenhuma linha saiu"
		buffered = "ficaram no buffer"
		missed   = "a partida já tinha terminado"
		absent   = "não entrou no grupo"
		ended    = "terminou sem mostrar nenhum placar"
		failed   = "termina com um erro antes"
		none     = "Nenhuma linha do programa é um placar"
	)
	for _, c := range []struct {
		name string
		life sight
		late bool
		want string
	}{
		{"crash with lines in the buffer", sight{code: rig.Crashed, committed: 4, joined: true}, false, buffered},
		{"the same, started slowly", sight{code: rig.Crashed, committed: 4, joined: true}, true, buffered},
		{"the same, a batch committed", sight{code: rig.Crashed, committed: 8, joined: true}, true, buffered},
		{"stopped by the lab, nothing printed", sight{code: -1, stopped: true, committed: 48, joined: true}, false, silent},
		{"the same, and it ends with 1 when stopped", sight{code: 1, stopped: true, committed: 48, joined: true}, false, silent},
		{"joined after the match, and commits its position", sight{code: -1, stopped: true, committed: 48, joined: true}, true, missed},
		{"joined before its last event", sight{committed: 48, joined: true}, true, missed},
		{"joined after the match, nothing committed", sight{code: -1, stopped: true, joined: true}, true, none},
		{"joined too late, and prints something else", sight{code: -1, stopped: true, joined: true, printed: 48, committed: 48}, true, none},
		{"never joined", sight{code: -1, stopped: true}, true, absent},
		{"ended without a line", sight{committed: 48, joined: true}, false, ended},
		{"failed at its start", sight{code: 1}, true, failed},
	} {
		s := &student{Board: &match.Board{}, delivery: "at-least-once", failAt: 5, seen: []sight{c.life}, late: c.late}
		if got := s.hint(report.Part{}).PT; !strings.Contains(got, c.want) {
			t.Errorf("%s: the hint is %q, want %q", c.name, got, c.want)
		}
	}
}

// Every hint fits the terminal, in both languages.
func TestHintsFit(t *testing.T) {
	for name, hint := range must(report.ReadTexts(files, "hints")) {
		for _, width := range []int{120, 80, 60} {
			for _, lang := range []service.Lang{service.Portuguese, service.English} {
				var out strings.Builder
				part := report.Part{Hint: hint, Facts: []report.Fact{{Text: hint}}}
				report.Result{Name: "at-least-once", Parts: []report.Part{part}}.Print(&out, lang, false, width)
				for line := range strings.Lines(out.String()) {
					if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
						t.Errorf("%s, %s, %d columns: a line of %d: %s", name, lang, width, n, line)
					}
				}
			}
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// Every hint has its words in both languages, and every text is a hint's.
func TestHintsHaveWords(t *testing.T) {
	texts, err := report.ReadTexts(files, "hints")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range slices.Concat(hints, onceHints) {
		names = append(names, h.name)
	}
	for _, h := range orderHints {
		names = append(names, h.name)
	}
	for _, h := range playerHints {
		names = append(names, h.name)
	}
	for _, name := range names {
		if _, ok := texts[name]; !ok {
			t.Errorf("hints.toml: no words for %s", name)
		}
	}
	for name := range texts {
		if !slices.Contains(names, name) {
			t.Errorf("hints.toml: there is no hint %s", name)
		}
	}
}
