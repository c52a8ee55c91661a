package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/reliability"
)

// report is what a campaign has found out: a line of docs/reliability.jsonl.
type report struct {
	Date         string                    `json:"date"`
	Commit       string                    `json:"commit"`
	Machine      string                    `json:"machine"`
	Go           string                    `json:"go"`
	Seconds      float64                   `json:"seconds"`
	Parts        []outcome                 `json:"parts"`
	Measurements []reliability.Measurement `json:"measurements"`
}

// outcome is how a part ended.
type outcome struct {
	Name    string  `json:"name"`
	What    string  `json:"what"`
	Log     string  `json:"-"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

// summary says what fell short, and returns the exit code.
func (r report) summary(out io.Writer) int {
	short := 0
	for _, p := range r.Parts {
		if p.Error != "" {
			short++
			fmt.Fprintf(out, "fell short: %s (%s): %s\n", p.Name, p.Error, p.Log)
		}
	}
	for _, m := range r.Measurements {
		if !m.Clean() {
			short++
			fmt.Fprintf(out, "fell short: %s, %s: %s\n", m.Guarantee, m.Ground, figures(m))
		}
	}
	if short > 0 {
		return 1
	}
	fmt.Fprintf(out, "all is as promised: %s in %s\n", plural(len(r.Parts), "part"), span(r.Seconds))
	return 0
}

// render writes reliability.md anew.
func (r report) render(dir string) error {
	return os.WriteFile(filepath.Join(dir, "reliability.md"), []byte(r.markdown()), 0o666)
}

// write writes reliability.md anew, and appends to reliability.jsonl.
func (r report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := r.render(dir); err != nil {
		return err
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, "reliability.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// last returns the newest report of a folder.
func last(dir string) (r report, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "reliability.jsonl"))
	if err != nil {
		return r, err
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return r, json.Unmarshal([]byte(lines[len(lines)-1]), &r)
}

func (r report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"# Reliability\n\n*[Português](pt-BR/reliability.md)*\n\n"+
			"What the last campaign measured. `make campaign` writes this page; all campaigns are in `reliability.jsonl`.\n\n")
	fmt.Fprintf(&b, "| | |\n|---|---|\n| date | %s |\n| commit | `%s` |\n| machine | %s |\n| Go | %s |\n| time | %s |\n\n", r.Date, r.Commit,
		r.Machine, r.Go, span(r.Seconds))
	b.WriteString("## Guarantees\n\nEvents are acknowledged messages, orders or goals that were judged; a fault counts if it was " +
		"confirmed. A control is a broken variant\n" +
		"of the subject, which the same judge has to find broken.\n\n" +
		"| guarantee | where | events | faults | lost | duplicated | out of order | longest silence | controls caught | seeds " +
		"|\n|---|---|---|---|---|---|---|---|---|---|\n")
	var long footnotes
	for _, m := range totals(r.Measurements) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %d | %d | %s | %s | %s |\n", m.Guarantee, m.Ground, grouped(m.Events), long.faults(m.Faults),
			m.Lost, m.Duplicated, m.OutOfOrder, silence(m.Silence), controls(m.Measurement), m.seeds())
	}
	for i, text := range long {
		fmt.Fprintf(&b, "\n(%d) %s\n", i+1, text)
	}
	b.WriteString("\n## Parts\n\n| part | what | time | result |\n|---|---|---|---|\n")
	for _, p := range r.Parts {
		result := "as promised"
		if p.Error != "" {
			result = "fell short: " + p.Error
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.Name, p.What, span(p.Seconds), result)
	}
	return b.String()
}

// total is the sum of all measurements of a guarantee on one ground.
type total struct {
	reliability.Measurement
	all []uint64
}

// totals are the sums, in the order in which the guarantees first appear by name and ground.
func totals(measurements []reliability.Measurement) []total {
	sums := map[[2]string]*total{}
	for _, m := range measurements {
		key := [2]string{m.Guarantee, m.Ground}
		t := sums[key]
		if t == nil {
			t = &total{Measurement: reliability.Measurement{Guarantee: m.Guarantee, Ground: m.Ground, Faults: map[string]int{}}}
			sums[key] = t
		}
		t.Events += m.Events
		t.Lost += m.Lost
		t.Duplicated += m.Duplicated
		t.OutOfOrder += m.OutOfOrder
		t.Controls += m.Controls
		t.Caught += m.Caught
		t.Silence = max(t.Silence, m.Silence)
		for kind, n := range m.Faults {
			t.Faults[kind] += n
		}
		if m.Seed != 0 {
			t.all = append(t.all, m.Seed)
		}
	}
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	var sorted []total
	for _, key := range keys {
		sorted = append(sorted, *sums[key])
	}
	return sorted
}

// seeds are those of all runs, or of the first three.
func (t total) seeds() string {
	var text []string
	for _, seed := range t.all[:min(3, len(t.all))] {
		text = append(text, fmt.Sprint(seed))
	}
	if more := len(t.all) - len(text); more > 0 {
		text = append(text, fmt.Sprintf("%d more", more))
	}
	return dash(strings.Join(text, ", "))
}

func figures(m reliability.Measurement) string {
	return fmt.Sprintf("%s events, %d lost, %d duplicated, %d out of order, %d of %d controls caught", grouped(m.Events), m.Lost, m.Duplicated,
		m.OutOfOrder, m.Caught, m.Controls)
}

// kinds are faults with their numbers, the most frequent first.
func kinds(faults map[string]int) string {
	names := slices.SortedFunc(maps.Keys(faults), func(a, b string) int {
		if faults[a] != faults[b] {
			return faults[b] - faults[a]
		}
		return strings.Compare(a, b)
	})
	var text []string
	for _, name := range names {
		text = append(text, fmt.Sprintf("%s %s", grouped(faults[name]), name))
	}
	return dash(strings.Join(text, ", "))
}

// footnotes are lists of faults that are too long for a table, or repeated in it.
type footnotes []string

// faults is a list of faults, or how many there are and the number of the footnote with the list.
func (f *footnotes) faults(faults map[string]int) string {
	const short = 8 // kinds
	text := kinds(faults)
	if len(faults) <= short {
		return text
	}
	n := slices.Index(*f, text)
	if n < 0 {
		n = len(*f)
		*f = append(*f, text)
	}
	all := 0
	for _, count := range faults {
		all += count
	}
	return fmt.Sprintf("%s of %d kinds (%d)", grouped(all), len(faults), n+1)
}

func controls(m reliability.Measurement) string {
	if m.Controls == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", m.Caught, m.Controls)
}

func silence(seconds float64) string {
	if seconds == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f s", seconds)
}

func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// grouped is a number with commas between its thousands.
func grouped(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
