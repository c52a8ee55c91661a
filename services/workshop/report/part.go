package report

import (
	"cmp"
	"fmt"
	"slices"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
)

// Part is one count of an experiment, and whether it came out as predicted. Most have one; some
// compare two programs, or two ways.
type Part struct {
	Title   service.Text // empty where there is only one
	Counted verdict.Verdict
	Strange []string       // score lines that no record explains
	Highest int            // id of the match's last goal; 0: there is no strip of ids to draw
	Table   []service.Text // lines between the count and the facts: what is where
	Pending bool           // what is not shown is not lost for good: it waits behind something, or is elsewhere
	Shown   service.Text   // what the second number of the line counts, where it is not lines on a screen
	Unread  bool           // nobody reads: only what was sent is compared with the topic
	Want    Prediction
	Facts   []Fact
	Notes   []service.Text // measured, and not predicted

	Sent, Acknowledged int // where Unread

	Hint service.Text // what to change, where it did not hold
}

// Prediction is the ids that are lost, repeated and so on; one that comes three times is repeated
// twice. What is not named is predicted not to happen.
type Prediction struct {
	Lost       []int // in the topic or to be in it, and never shown
	Repeated   []int // shown again
	Duplicated []int // in the topic again
	Ghosts     []int // shown, though aborted
	OutOfOrder []int // behind a higher one
}

// Fact is something else that was predicted, besides the counts, and whether it was so.
type Fact struct {
	Text service.Text
	Held bool
}

// Holds reports whether everything came out as predicted.
func (p Part) Holds() bool {
	return len(p.Misses()) == 0
}

// Misses says what did not come out as predicted.
func (p Part) Misses() []service.Text {
	misses := p.differences()
	for _, f := range p.Facts {
		if !f.Held {
			misses = append(misses, service.Text{PT: "não se confirmou: " + f.Text.PT, EN: "did not hold: " + f.Text.EN})
		}
	}
	return misses
}

// differences are the misses but for the facts.
func (p Part) differences() []service.Text {
	var misses []service.Text
	for _, c := range p.counts() {
		if !slices.Equal(c.got, c.want) {
			misses = append(misses, service.Text{
				PT: fmt.Sprintf("%s: %s (previsto: %s)", c.name.PT, IDsOr(c.got, "nenhuma"), IDsOr(c.want, "nenhuma")),
				EN: fmt.Sprintf("%s: %s instead of %s", c.name.EN, IDsOr(c.got, "none"), IDsOr(c.want, "none")),
			})
		}
	}
	if len(p.Strange) > 0 {
		misses = append(misses, service.Text{
			PT: fmt.Sprintf("placar sem evento que o explique: %s", p.Strange[0]),
			EN: fmt.Sprintf("a score that no event explains: %s", p.Strange[0]),
		})
	}
	for _, torn := range p.Counted.Torn {
		misses = append(misses, service.Text{PT: "transação partida: " + torn, EN: "torn transaction: " + torn})
	}
	return misses
}

// tally is one of the numbers of the verdict line.
type tally struct {
	key       string // in files
	name      service.Text
	got, want []int
	always    bool // on the line even where it is 0 and predicted to be
}

func (p Part) counts() []tally {
	v := p.Counted
	lost := service.Text{PT: "perdidas", EN: "lost"}
	if p.Pending {
		lost = service.Text{PT: "não exibidas", EN: "not shown"}
	}
	return []tally{
		{"lost", lost, Numbers(v.Lost, v.Missing), p.Want.Lost, true},
		{"repeated", service.Text{PT: "repetidas", EN: "repeated"}, Numbers(v.Repeated), p.Want.Repeated, !p.Unread},
		{
			"duplicated", service.Text{PT: "duplicadas no tópico", EN: "duplicated in the topic"}, Numbers(v.Duplicated), p.Want.Duplicated,
			p.Unread,
		},
		{"ghosts", service.Text{PT: "fantasmas", EN: "ghosts"}, Numbers(v.AbortedRead), p.Want.Ghosts, false},
		{"spurious", service.Text{PT: "recusadas, mas no tópico", EN: "refused, but in the topic"}, Numbers(v.Spurious), nil, false},
		{"out-of-order", service.Text{PT: "fora de ordem", EN: "out of order"}, Numbers(v.OutOfOrder, v.Nonmonotonic), p.Want.OutOfOrder, true},
	}
}

// Numbers are the ids of goals, sorted. An experiment has one match, so the ids tell them apart.
func Numbers(lists ...[]verdict.Message) []int {
	var all []int
	for _, list := range lists {
		for _, m := range list {
			if m.Stream != Unreadable {
				all = append(all, m.Number)
			}
		}
	}
	slices.SortFunc(all, cmp.Compare)
	return all
}

// Unreadable is the stream of messages that say nothing of themselves. They are numbered by where they stand, from 1.
const Unreadable = "unreadable"
