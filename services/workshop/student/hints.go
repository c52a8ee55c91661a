package student

import (
	"embed"
	"slices"
	"strconv"
	"strings"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

//go:embed *.toml
var files embed.FS

// hintTexts are the words of the hints by their names, says are all others.
var hintTexts, says = texts("hints"), texts("says")

func texts(name string) report.Texts {
	return report.NewTexts(func() (map[string]service.Text, error) { return report.ReadTexts(files, name) })
}

// hint is what to change in a scoreboard that was seen to do something.
type hint struct {
	delivery string // only there; empty: in any lab
	when     func(s *student, first sight, p report.Part) bool
	name     string // of its words in hints.toml
}

// hints are tried in this order: first what leaves nothing to compare, then what no guarantee allows,
// then the order of the three steps show, commit and crash, of which each guarantee has its own.
var hints = []hint{
	{"", func(s *student, _ sight, _ report.Part) bool { return s.strays != "" }, "own-group"},

	// Nothing was shown.
	{"", func(s *student, first sight, _ report.Part) bool { return s.nothing() && first.complained > 0 }, "standard-error"},
	{"", func(s *student, first sight, _ report.Part) bool {
		// What joined at the end of the topic has nothing in a buffer: clients that commit their position by
		// themselves commit that end, as if they had read the goals. It did not meet the event of the crash either.
		return first.last == 0 && first.printed < s.failAt-1 && first.committed > s.failAt && first.code != rig.Crashed && s.late
	}, "joined-after-the-match"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.last == 0 && first.printed < s.failAt-1 && first.committed >= s.failAt-1 && first.stopped
	}, "nothing-flushed"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.last == 0 && first.printed < s.failAt-1 && first.committed >= s.failAt-1 && first.code != 0
	}, "lines-in-the-buffer"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && !first.stopped && first.code == 0
	}, "ended-without-a-score"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && !first.stopped && first.printed < s.failAt-1
	}, "error-before-a-score"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return s.nothing() && first.stopped && !first.joined
	}, "not-in-the-group"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.nothing() }, "no-line-is-a-score"},

	// What no guarantee allows.
	{"", func(_ *student, _ sight, p report.Part) bool { return len(p.Strange) > 0 }, "own-count"},
	{"", func(_ *student, first sight, p report.Part) bool {
		return first.first > 1 && missedStart(p.Counted) > 0
	}, "first-goals-missed"},
	{"", func(s *student, _ sight, _ report.Part) bool {
		return s.stuck && last(s.seen).last == 0 && last(s.seen).code == 0
	}, "waited-for-the-dead-member"},
	{"", func(s *student, _ sight, _ report.Part) bool { return s.stuck }, "same-event-in-every-life"},
	{"auto", func(_ *student, first sight, _ report.Part) bool { return first.committed == 0 }, "no-automatic-commit"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.committed == 0 && len(s.seen) > 1 && s.seen[1].first == 1
	}, "nothing-committed"},
	{"", func(s *student, first sight, _ report.Part) bool {
		return first.last != s.failAt && first.last != s.failAt-1
	}, "ended-at-another-id"},

	// The order of show, commit and crash.
	{"at-most-once", func(s *student, first sight, _ report.Part) bool { return first.committed > s.failAt }, "batch-commit"},
	{"at-most-once", func(s *student, first sight, _ report.Part) bool {
		return first.committed < s.failAt && first.last == s.failAt
	}, "most-shown-first"},
	{"at-most-once", func(s *student, first sight, _ report.Part) bool { return first.committed < s.failAt }, "most-crash-before-commit"},
	{"at-most-once", func(s *student, first sight, _ report.Part) bool { return first.last == s.failAt }, "most-crash-after-show"},

	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.committed > s.failAt }, "batch-commit"},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool {
		return first.committed == s.failAt && first.last < s.failAt
	}, "least-committed-first"},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.committed == s.failAt }, "least-crash-after-commit"},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.last < s.failAt }, "least-crash-before-show"},
	{"at-least-once", func(s *student, first sight, _ report.Part) bool { return first.committed < s.failAt-1 }, "least-too-much-repeated"},

	{"auto", func(_ *student, first sight, _ report.Part) bool { return first.committed >= first.last }, "auto-committed-by-hand"},
}

// hint is the first that fits; empty where none does.
func (s *student) hint(p report.Part) service.Text {
	first, list := s.seen[0], hints
	if s.once != nil {
		list = onceHints
	}
	i := slices.IndexFunc(list, func(h hint) bool {
		return (h.delivery == "" || h.delivery == s.delivery) && h.when(s, first, p)
	})
	if i < 0 {
		return service.Text{}
	}
	return fillHint(list[i].name, "{id}", strconv.Itoa(s.failAt), "{last}", strconv.Itoa(first.last), "{group}", s.Group, "{other}", s.strays)
}

// fillHint returns the words of a hint, with what they say of the run.
func fillHint(name string, oldnew ...string) service.Text {
	text, fill := hintTexts(name), strings.NewReplacer(oldnew...)
	return service.Text{PT: fill.Replace(text.PT), EN: fill.Replace(text.EN)}
}
