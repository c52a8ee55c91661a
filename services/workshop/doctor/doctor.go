// Package doctor looks at a machine before a class, and at brokers from where a client stands, and says
// of each thing whether it is right and, where it is not, what to do.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
)

// Level is how bad a finding is.
type Level string

const (
	OK      Level = "ok"
	Warning Level = "warning" // one of the ways to run the workshop is closed, or will be slow
	Failure Level = "failure" // something is broken
)

// Line is one finding.
type Line struct {
	Check  string `json:"check"` // what was looked at; the same in every language
	Level  Level  `json:"level"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

// say writes findings in one language.
type say service.Lang

func (s say) ok(check, pt, en string, args ...any) Line {
	return Line{Check: check, Level: OK, Text: s.text(pt, en, args...)}
}

// text is pt or en, formatted. Both take the same args in the same order.
func (s say) text(pt, en string, args ...any) string {
	return fmt.Sprintf(service.Pick(service.Lang(s), pt, en), args...)
}

// warn and fail take a text and a remedy made by text.
func warn(check, text, remedy string) Line { return Line{check, Warning, text, remedy} }
func fail(check, text, remedy string) Line { return Line{check, Failure, text, remedy} }

// Failures is how many of the lines are failures.
func Failures(lines []Line) (n int) {
	for _, l := range lines {
		if l.Level == Failure {
			n++
		}
	}
	return n
}

// Print writes the findings as text: a line each, its remedy below, and their number at the end. Where
// width is above 0 lines are folded to it.
func Print(w io.Writer, lang service.Lang, lines []Line, width int) error {
	words := service.Pick(lang, map[Level]string{OK: "ok", Warning: "aviso", Failure: "FALHA"},
		map[Level]string{OK: "ok", Warning: "warning", Failure: "FAILURE"})
	checks, levels := 0, 0
	count := map[Level]int{}
	for _, l := range lines {
		checks, levels = max(checks, len(l.Check)), max(levels, len(words[l.Level]))
		count[l.Level]++
	}
	var b strings.Builder
	hang := levels + checks + 4
	fill := func(text string, hang int) { b.WriteString(strings.Join(fold.Line(text, width, hang), "\n") + "\n") }
	for _, l := range lines {
		fill(fmt.Sprintf("%-*s  %-*s  %s", levels, words[l.Level], checks, l.Check, l.Text), hang)
		if l.Remedy != "" {
			fill(fmt.Sprintf("%*s→ %s", hang, "", l.Remedy), hang+2)
		}
	}
	b.WriteString(say(lang).text("ok: %d · avisos: %d · falhas: %d\n",
		"ok: %d · warnings: %d · failures: %d\n", count[OK], count[Warning], count[Failure]))
	_, err := io.WriteString(w, b.String())
	return err
}

// PrintJSON writes the findings as a JSON list, whatever the width.
func PrintJSON(w io.Writer, _ service.Lang, lines []Line, _ int) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(lines)
}

// inOrder runs the checks at the same time, and returns their lines in the checks' order.
func inOrder(ctx context.Context, checks ...func(context.Context) []Line) []Line {
	found := make([][]Line, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() { found[i] = check(ctx) })
	}
	wg.Wait()
	lines := []Line{} // not nil: [] in JSON
	for _, f := range found {
		lines = append(lines, f...)
	}
	return lines
}
