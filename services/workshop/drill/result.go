package drill

import (
	"io"
	"strings"
	"time"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
)

// Result is the outcome of a drill.
type Result struct {
	Drill Drill
	report.Words
	Seed uint64
	Took time.Duration // from the first line to the producer's end

	Acknowledged int // transactions
	Transactions verdict.Verdict
	Match        verdict.Verdict
	WrongTallies int // records of the scoreboard
	Restarts     int // of the consumer and the scoreboard, which had ended by themselves

	Resumed bool // after each blow that was put right every partition was acknowledged again

	Faults []Fault
	Facts  []report.Fact
	Notes  []service.Text // measured, and not predicted
}

// Held reports whether everything came out as predicted.
func (r Result) Held() bool {
	for _, f := range r.Checks() {
		if !f.Held {
			return false
		}
	}
	return true
}

// Checks are the predictions, and whether each held: those that all drills share, then the drill's own.
//
// A consumer may be given a message again after its group has moved, which is what at-least-once
// means, and goes back in the log then. So repeated and nonmonotonic reads are counted, not judged.
func (r Result) Checks() []report.Fact {
	t, m := r.Transactions, r.Match
	checks := []report.Fact{
		{Text: says("lost", len(t.Lost)), Held: len(t.Lost) == 0 && r.Acknowledged > 0},
		{Text: says("duplicated", len(t.Duplicated)), Held: len(t.Duplicated) == 0},
		{Text: says("out-of-order", len(t.OutOfOrder)), Held: len(t.OutOfOrder) == 0},
		{Text: says("spurious", len(t.Spurious)), Held: len(t.Spurious) == 0},
		{Text: says("missing", len(t.Missing)), Held: len(t.Missing)+len(t.AbortedRead) == 0},
		{Text: says("board-equal", m.Processed, m.Produced), Held: m.Clean() && m.Produced > 0 && r.WrongTallies == 0},
	}
	if !r.Drill.Embedded {
		checks = append(checks, report.Fact{
			Text: says("acknowledged-again"), Held: r.Resumed,
		})
	}
	if unknown := len(t.UnknownAbsent) + len(t.UnknownPresent); r.Drill.Answered {
		checks = append(checks, report.Fact{
			Text: says("unknown", unknown), Held: unknown == 0,
		})
	}
	if silences, limit := r.silences(); limit > 0 {
		s := spread(silences)
		held := true
		for _, f := range r.Faults {
			held = held && (f.Limit == 0 || f.Silence <= f.Limit)
		}
		checks = append(checks, report.Fact{Text: says("silence-limit", s, limit.Seconds()), Held: held})
	}
	return append(checks, r.Facts...)
}

// silences are those of the faults for which one is predicted, and the limit.
func (r Result) silences() (times []time.Duration, limit time.Duration) {
	for _, f := range r.Faults {
		if f.Limit > 0 {
			times, limit = append(times, f.Silence), max(limit, f.Limit)
		}
	}
	return times, limit
}

// Measured is what is counted and not judged.
func (r Result) Measured() []service.Text {
	t := r.Transactions
	notes := []service.Text{says("repeated", len(t.Repeated))}
	if n := len(t.UnknownAbsent) + len(t.UnknownPresent); n > 0 {
		notes = append(notes, says("unanswered", n, len(t.UnknownPresent)))
	}
	for _, f := range r.Faults {
		if f.Limit == 0 && f.Silence > time.Second && !f.Within {
			notes = append(notes, says("silence", f.Silence.Seconds()))
		}
	}
	return append(notes, r.Notes...)
}

// Lines returns the verdict in one line.
func (r Result) Lines(lang service.Lang) []string {
	return []string{r.counts(lang) + " → " + r.outcome(lang)}
}

// Form returns the result for encoding/json.
func (r Result) Form(lang service.Lang) any { return r.JSON(lang) }

func (r Result) counts(lang service.Lang) string {
	t := r.Transactions
	return says("totals", len(r.Faults), r.Acknowledged, len(t.Lost), len(t.Duplicated), len(t.OutOfOrder)).In(lang)
}

func (r Result) outcome(lang service.Lang) string {
	if r.Held() {
		return says("as-predicted", r.Drill.Name).In(lang)
	}
	return says("not-as-predicted", r.Drill.Name).In(lang)
}

// Print prints the verdict in lines of up to width columns.
func (r Result) Print(w io.Writer, lang service.Lang, colour bool, width int) {
	verdict := report.Verdict(r.counts(lang), r.outcome(lang), width)
	lines := append([]string{""}, report.Paint(verdict, r.Held(), colour)...)
	for _, c := range r.Checks() {
		lines = append(lines, fold.Line("  "+report.Sign(c.Held)+" "+c.Text.In(lang), width, 4)...)
	}
	for _, note := range r.Measured() {
		lines = append(lines, fold.Line("  · "+note.In(lang), width, 4)...)
	}
	lines = append(lines, "")
	lines = append(lines, fold.Line(says("why", r.Why).In(lang), width, 0)...)
	io.WriteString(w, strings.Join(lines, "\n")+"\n")
}
