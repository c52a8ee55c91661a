package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
)

// Introduce prints a heading and what will happen, in lines of up to width columns. Before the last line, which is the
// prediction, it calls ask, where that is not nil, and returns its error.
func (w Words) Introduce(out io.Writer, lang service.Lang, heading string, width int, ask func() error) error {
	say := func(text string) { io.WriteString(out, fold.Lines(text+"\n", width, len("1. "))) }
	say(heading)
	for i, line := range w.Will {
		if i == len(w.Will)-1 && ask != nil {
			if err := ask(); err != nil {
				return err
			}
		}
		say(fmt.Sprintf("%d. %s", i+1, line.In(lang)))
	}
	say("")
	return nil
}

// Print prints the verdict in lines of up to width columns, with marks in colour where colour is set.
func (r Result) Print(w io.Writer, lang service.Lang, colour bool, width int) {
	lines := []string{""}
	add := func(hang int, text string) { lines = append(lines, fold.Line(text, width, hang)...) }
	for _, p := range r.Parts {
		if title := p.Title.In(lang); title != "" {
			add(1, "["+title+"]")
		}
		verdict := Verdict(p.Line(lang), p.outcome(r.Name).In(lang), width)
		lines = append(lines, Paint(verdict, p.Holds(), colour)...)
		for _, row := range p.table(lang) {
			add(6, "  "+row)
		}
		for _, line := range p.strip(lang, colour, width-4) {
			add(2, "  "+line)
		}
		for _, f := range p.Facts {
			add(4, "  "+Sign(f.Held)+" "+f.Text.In(lang))
		}
		for _, note := range p.Notes {
			add(4, "  · "+note.In(lang))
		}
		if !p.Holds() {
			for _, miss := range p.differences() {
				add(4, "  ! "+miss.In(lang))
			}
			if hint := p.Hint.In(lang); hint != "" {
				add(4, "  "+service.Text{PT: "Dica:", EN: "Hint:"}.In(lang)+" "+hint)
			}
		}
		lines = append(lines, "")
	}
	add(0, service.Text{PT: "Por quê: ", EN: "Why: "}.In(lang)+r.Why.In(lang))
	io.WriteString(w, strings.Join(lines, "\n")+"\n")
}

// Paint colours a verdict from its arrow on: green where the prediction held, red where it did not.
func Paint(verdict []string, held, colour bool) []string {
	if !colour {
		return verdict
	}
	code := "32"
	if !held {
		code = "31"
	}
	painted, outcome := slices.Clone(verdict), false
	for i, line := range verdict {
		counts, rest, arrow := strings.Cut(line, "→")
		switch {
		case arrow && !outcome:
			painted[i] = counts + "\x1b[" + code + "m→" + rest + "\x1b[0m"
		case outcome:
			painted[i] = "\x1b[" + code + "m" + line + "\x1b[0m"
		}
		outcome = outcome || arrow
	}
	return painted
}

// Verdict is the counts and what they mean for the prediction: on one line where that fits.
func Verdict(counts, outcome string, width int) []string {
	if line := counts + " → " + outcome; fold.Cells(line) <= width {
		return []string{line}
	}
	return append(fold.Line(counts, width, 4), fold.Line("    → "+outcome, width, 6)...)
}

// Sign is the sign before a prediction that held, and before one that did not.
func Sign(held bool) string {
	if held {
		return "✓"
	}
	return "✗"
}

// Line is the count in one line.
func (p Part) Line(lang service.Lang) string {
	v := p.Counted
	produced, shown := service.Text{PT: "produzidas", EN: "produced"}, p.Shown
	if shown == (service.Text{}) {
		shown = service.Text{PT: "exibidas", EN: "shown"}
	}
	fields := []string{
		fmt.Sprintf("%s %d", produced.In(lang), v.Produced),
		fmt.Sprintf("%s %d", shown.In(lang), v.Processed),
	}
	if p.Unread {
		fields = []string{
			fmt.Sprintf("%s %d", service.Text{PT: "enviadas", EN: "sent"}.In(lang), p.Sent),
			fmt.Sprintf("%s %d", service.Text{PT: "confirmadas", EN: "acknowledged"}.In(lang), p.Acknowledged),
			fmt.Sprintf("%s %d", service.Text{PT: "no tópico", EN: "in the topic"}.In(lang), v.Produced),
		}
	}
	for _, c := range p.counts() {
		if len(c.got) == 0 && len(c.want) == 0 && !c.always {
			continue
		}
		field := fmt.Sprintf("%s %d", c.name.In(lang), len(c.got))
		if len(c.got) > 0 {
			field += " (" + IDs(c.got) + ")"
		}
		fields = append(fields, field)
	}
	if n := len(v.UnknownAbsent) + len(v.UnknownPresent); n > 0 {
		fields = append(fields, fmt.Sprintf("%s %d (%s %d)", service.Text{PT: "sem resposta", EN: "without an answer"}.In(lang), n,
			service.Text{PT: "no tópico", EN: "in the topic"}.In(lang), len(v.UnknownPresent)))
	}
	return strings.Join(fields, " · ")
}

func (p Part) outcome(lab string) service.Text {
	if p.Holds() {
		return service.Text{PT: "como previsto para " + lab, EN: "as predicted for " + lab}
	}
	return service.Text{PT: "NÃO como previsto para " + lab, EN: "NOT as predicted for " + lab}
}

// IDs writes numbers as ranges, with how often: id 5, ids 5-9, 12 ×2.
func IDs(sorted []int) string {
	var parts []string
	for i := 0; i < len(sorted); {
		first, times := sorted[i], 0
		for i < len(sorted) && sorted[i] == first {
			times++
			i++
		}
		end := first
		if times == 1 {
			for i < len(sorted) && sorted[i] == end+1 && (i+1 == len(sorted) || sorted[i+1] != sorted[i]) {
				end++
				i++
			}
		}
		switch {
		case times > 1:
			parts = append(parts, fmt.Sprintf("%d ×%d", first, times))
		case end > first+1:
			parts = append(parts, fmt.Sprintf("%d-%d", first, end))
		case end > first:
			parts = append(parts, fmt.Sprint(first), fmt.Sprint(end))
		default:
			parts = append(parts, fmt.Sprint(first))
		}
	}
	noun := "ids "
	if sorted[0] == sorted[len(sorted)-1] {
		noun = "id "
	}
	return noun + strings.Join(parts, ", ")
}

func IDsOr(sorted []int, none string) string {
	if len(sorted) == 0 {
		return none
	}
	return IDs(sorted)
}

// table is what a part draws, in a language.
func (p Part) table(lang service.Lang) []string {
	var lines []string
	for _, row := range p.Table {
		lines = append(lines, row.In(lang))
	}
	return lines
}

// strip is every id, with a mark where it did not come out once: 5✗ is lost, 5×2 was shown twice, 5~
// is a ghost that was shown. A line takes up to width columns.
func (p Part) strip(lang service.Lang, colour bool, width int) []string {
	if p.Highest == 0 { // too many to be shown, or of several streams
		return nil
	}
	counted := p.Counted
	lost, repeated := Numbers(counted.Lost, counted.Missing), Numbers(counted.Repeated, counted.Duplicated)
	ghosts := Numbers(counted.AbortedRead)
	var lines []string
	var line strings.Builder
	used := 0
	for id := 1; id <= p.Highest; id++ {
		text, code := fmt.Sprint(id), ""
		if slices.Contains(lost, id) {
			text, code = text+"✗", "31"
		}
		if n := Occurrences(repeated, id); n > 0 {
			text, code = fmt.Sprintf("%s×%d", text, n+1), "33"
		}
		if slices.Contains(ghosts, id) {
			text, code = text+"~", "35"
		}
		if size := utf8.RuneCountInString(text) + 1; used+size > width {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
		}
		used += utf8.RuneCountInString(text) + 1
		if code != "" && colour {
			text = "\x1b[" + code + "m" + text + "\x1b[0m"
		}
		line.WriteString(text + " ")
	}
	lines = append(lines, line.String())
	if legend := legend(len(lost) > 0 && !p.Pending, len(lost) > 0 && p.Pending, len(repeated) > 0, len(ghosts) > 0).In(lang); legend != "" {
		lines = append(lines, legend)
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func legend(lost, pending, repeated, ghosts bool) service.Text {
	var pt, en []string
	if pending {
		pt, en = append(pt, "✗ não exibida"), append(en, "✗ not shown")
	}
	if lost {
		pt, en = append(pt, "✗ perdida"), append(en, "✗ lost")
	}
	if repeated {
		pt, en = append(pt, "×2 duas vezes, ×3 três..."), append(en, "×2 twice, ×3 three times...")
	}
	if ghosts {
		pt, en = append(pt, "~ fantasma"), append(en, "~ ghost")
	}
	return service.Text{PT: strings.Join(pt, "  "), EN: strings.Join(en, "  ")}
}

func Occurrences(list []int, n int) int {
	count := 0
	for _, m := range list {
		if m == n {
			count++
		}
	}
	return count
}
