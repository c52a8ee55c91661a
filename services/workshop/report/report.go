package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"time"

	"workshop.example/kit/service"
)

//go:embed report.html.tmpl
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// Report writes the result as one HTML page that needs nothing else: the verdict, and a timeline of sends,
// deliveries, lines, commits and crashes, as a picture and as a table. A lab that starts no program has no timeline.
func (r Result) Report(w io.Writer, lang service.Lang) error {
	words := service.Pick(lang, reportPortuguese, reportEnglish)
	page := reportView{
		Lang: string(lang), Lab: r.Name, Seed: r.Seed, Held: r.Held(), Why: r.Why.In(lang), Words: words,
		Summary: r.Summary.In(lang), At: r.Timeline.Ended.Format(words.Date), AtISO: r.Timeline.Ended.Format(time.RFC3339),
	}
	for _, line := range r.Will {
		page.Will = append(page.Will, line.In(lang))
	}
	for _, p := range r.Parts {
		page.Parts = append(page.Parts, p.view(r.Name, lang))
	}
	if len(r.Timeline.Tracks) > 0 {
		page.Picture = new(draw(r.Timeline, r.missing(lang), words))
		page.Histories = histories(r.Timeline, words)
	}
	return reportTemplate.Execute(w, page)
}

// What the page's template is given.
type (
	reportView struct {
		Lang, Lab, At, AtISO, Summary, Why string

		Seed      uint64
		Held      bool
		Will      []string
		Parts     []partView
		Picture   *picture // nil: no program to draw
		Histories []historyView
		Words     reportWords
	}
	partView struct {
		Title, Line, Outcome, Hint   string
		Held                         bool
		Table, Legend, Misses, Notes []string
		IDs                          []idView
		Facts                        []factView
	}
	factView struct {
		Text string
		Held bool
	}
	// idView is a goal in the strip of ids. Class is empty where it came out once.
	idView struct{ Text, Class string }
	// historyView is what one program did, in the order of time.
	historyView struct {
		Name string
		Rows []historyRow
	}
	historyRow struct{ Seconds, Text string }
)

func (p Part) view(lab string, lang service.Lang) partView {
	v := partView{
		Title: p.Title.In(lang), Line: p.Line(lang), Outcome: p.outcome(lab).In(lang), Held: p.Holds(), Table: p.table(lang),
	}
	v.IDs, v.Legend = p.idViews(lang)
	for _, f := range p.Facts {
		v.Facts = append(v.Facts, factView{f.Text.In(lang), f.Held})
	}
	for _, n := range p.Notes {
		v.Notes = append(v.Notes, n.In(lang))
	}
	for _, m := range p.differences() {
		v.Misses = append(v.Misses, m.In(lang))
	}
	if !v.Held {
		v.Hint = p.Hint.In(lang)
	}
	return v
}

// idViews are the strip of ids and its legend, as [Part.strip] prints them.
func (p Part) idViews(lang service.Lang) (views []idView, explained []string) {
	counted := p.Counted
	lost, repeated := Numbers(counted.Lost, counted.Missing), Numbers(counted.Repeated, counted.Duplicated)
	ghosts := Numbers(counted.AbortedRead)
	for id := 1; id <= p.Highest; id++ {
		v := idView{Text: strconv.Itoa(id)}
		if slices.Contains(lost, id) {
			v = idView{v.Text + "✗", "lost"}
		}
		if n := Occurrences(repeated, id); n > 0 {
			v = idView{fmt.Sprintf("%s×%d", v.Text, n+1), "repeated"}
		}
		if slices.Contains(ghosts, id) {
			v = idView{v.Text + "~", "ghost"}
		}
		views = append(views, v)
	}
	if p.Highest == 0 {
		return nil, nil
	}
	text := legend(len(lost) > 0 && !p.Pending, len(lost) > 0 && p.Pending, len(repeated) > 0, len(ghosts) > 0).In(lang)
	if text != "" {
		explained = []string{text}
	}
	return views, explained
}

// missing are the messages that were lost or not shown, and the word for it.
func (r Result) missing(lang service.Lang) map[message]string {
	missing := map[message]string{}
	for _, p := range r.Parts {
		word := service.Pick(lang, "perdida", "lost")
		if p.Pending {
			word = service.Pick(lang, "não exibida", "not shown")
		}
		for _, m := range slices.Concat(p.Counted.Lost, p.Counted.Missing) {
			if m.Stream != Unreadable {
				missing[message{m.Stream, m.Number}] = word
			}
		}
	}
	return missing
}
