package drill

import (
	"fmt"
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
		{Text: service.Textf(
			"confirmadas e perdidas: %d",
			"acknowledged and lost: %d",
			len(t.Lost),
		), Held: len(t.Lost) == 0 && r.Acknowledged > 0},
		{Text: service.Textf("duplicadas no tópico: %d", "duplicated in the topic: %d", len(t.Duplicated)), Held: len(t.Duplicated) == 0},
		{Text: service.Textf("fora de ordem, por chave: %d", "out of order, by key: %d", len(t.OutOfOrder)), Held: len(t.OutOfOrder) == 0},
		{Text: service.Textf("recusadas, mas no tópico: %d", "refused, but in the topic: %d", len(t.Spurious)), Held: len(t.Spurious) == 0},
		{Text: service.Textf(
			"no tópico e nunca consumidas: %d",
			"in the topic and never consumed: %d",
			len(t.Missing),
		), Held: len(t.Missing)+len(t.AbortedRead) == 0},
		{Text: service.Textf(
			"placar igual ao simulador: %d de %d eventos",
			"scoreboard equal to the simulator: %d of %d events",
			m.Processed, m.Produced,
		), Held: m.Clean() && m.Produced > 0 && r.WrongTallies == 0},
	}
	if !r.Drill.Embedded {
		checks = append(checks, report.Fact{
			Text: service.Text{
				PT: "depois de cada golpe todas as partições voltaram a confirmar",
				EN: "after each blow every partition was acknowledged again",
			}, Held: r.Resumed,
		})
	}
	if unknown := len(t.UnknownAbsent) + len(t.UnknownPresent); r.Drill.Answered {
		checks = append(checks, report.Fact{
			Text: service.Textf("nem confirmadas nem recusadas: %d", "neither acknowledged nor refused: %d", unknown), Held: unknown == 0,
		})
	}
	if silences, limit := r.silences(); limit > 0 {
		s := spread(silences)
		held := true
		for _, f := range r.Faults {
			held = held && (f.Limit == 0 || f.Silence <= f.Limit)
		}
		checks = append(checks, report.Fact{Text: service.Text{
			PT: fmt.Sprintf("partição sem confirmar: %s (previsto: até %.0f s)", s.PT, limit.Seconds()),
			EN: fmt.Sprintf("a partition without an acknowledgement: %s (predicted: up to %.0f s)", s.EN, limit.Seconds()),
		}, Held: held})
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
	notes := []service.Text{service.Textf(
		"o consumidor recebeu de novo %d mensagens",
		"the consumer was given %d messages again",
		len(t.Repeated),
	)}
	if n := len(t.UnknownAbsent) + len(t.UnknownPresent); n > 0 {
		notes = append(notes, service.Textf(
			"sem resposta para o produtor: %d (no tópico %d)",
			"without an answer to the producer: %d (in the topic %d)",
			n, len(t.UnknownPresent),
		))
	}
	for _, f := range r.Faults {
		if f.Limit == 0 && f.Silence > time.Second && !f.Within {
			notes = append(notes, service.Textf(
				"uma partição ficou sem confirmar por %.1f s",
				"a partition was without an acknowledgement for %.1f s",
				f.Silence.Seconds(),
			))
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
	return fmt.Sprintf(service.Text{
		PT: "golpes %d · confirmadas %d · perdidas %d · duplicadas %d · fora de ordem %d",
		EN: "blows %d · acknowledged %d · lost %d · duplicated %d · out of order %d",
	}.In(lang), len(r.Faults), r.Acknowledged, len(t.Lost), len(t.Duplicated), len(t.OutOfOrder))
}

func (r Result) outcome(lang service.Lang) string {
	if r.Held() {
		return service.Text{PT: "como previsto para ", EN: "as predicted for "}.In(lang) + r.Drill.Name
	}
	return service.Text{PT: "NÃO como previsto para ", EN: "NOT as predicted for "}.In(lang) + r.Drill.Name
}

// Print prints the verdict in lines of up to width columns. It has no colours.
func (r Result) Print(w io.Writer, lang service.Lang, _ bool, width int) {
	lines := append([]string{""}, report.Verdict(r.counts(lang), r.outcome(lang), width)...)
	for _, c := range r.Checks() {
		lines = append(lines, fold.Line("  "+report.Sign(c.Held)+" "+c.Text.In(lang), width, 4)...)
	}
	for _, note := range r.Measured() {
		lines = append(lines, fold.Line("  · "+note.In(lang), width, 4)...)
	}
	lines = append(lines, "")
	lines = append(lines, fold.Line(service.Text{PT: "Por quê: ", EN: "Why: "}.In(lang)+r.Why.In(lang), width, 0)...)
	io.WriteString(w, strings.Join(lines, "\n")+"\n")
}
