package lab

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/service"
)

//go:embed report.html.tmpl
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// Report writes the result as one HTML page that needs nothing else: the verdict, and a time line of
// sends, deliveries, lines, commits and crashes as a picture.
func (r Result) Report(w io.Writer, lang service.Lang) error {
	page := reportView{
		Lang: string(lang), Lab: r.Lab.Name, Seed: r.Seed, Held: r.Held(), Why: r.Lab.Why.In(lang),
		At: r.Timeline.Ended.Format(time.DateTime), Words: service.Pick(lang, reportPortuguese, reportEnglish),
	}
	for _, line := range r.Lab.Will {
		page.Will = append(page.Will, line.In(lang))
	}
	for _, p := range r.Parts {
		part := partView{Title: p.Title.In(lang), Line: p.Line(lang), Outcome: p.outcome(r.Lab.Name).In(lang), Held: p.Holds(), Strip: append(p.table(lang), p.strip(lang, false, reportStrip)...)}
		for _, f := range p.Facts {
			part.Facts = append(part.Facts, factView{f.Text.In(lang), f.Held})
		}
		for _, n := range p.Notes {
			part.Notes = append(part.Notes, n.In(lang))
		}
		for _, m := range p.differences() {
			part.Misses = append(part.Misses, m.In(lang))
		}
		if !part.Held {
			part.Hint = p.Hint.In(lang)
		}
		page.Parts = append(page.Parts, part)
	}
	page.Picture = draw(r.Timeline, page.Words)
	return reportTemplate.Execute(w, page)
}

// What the page's template is given.
type (
	reportView struct {
		Lang, Lab, At, Why string
		Seed               uint64
		Held               bool
		Will               []string
		Parts              []partView
		Picture            picture
		Words              reportWords
	}
	partView struct {
		Title, Line, Outcome string
		Hint                 string
		Held                 bool
		Strip, Misses, Notes []string
		Facts                []factView
	}
	factView struct {
		Text string
		Held bool
	}
	reportWords struct {
		Title, Timeline, Legend                 string
		Send, Deliver, Show, Commit, Abort, End string
		OK, Failed, Unknown                     string
	}
	picture struct {
		Width, Height int
		Lanes         []lane
		Ticks         []tick
		Words         reportWords
	}
	lane struct {
		Name  string
		Y     int
		Bars  []bar
		Marks []mark
	}
	bar struct {
		X, Y, Width int
		Crashed     bool
		Title       string
	}
	mark struct {
		X, Y        int
		Kind, Class string // the step, and its outcome
		Title       string
	}
	tick struct {
		X    int
		Text string
	}
)

var (
	reportPortuguese = reportWords{
		Title: "Laboratório", Timeline: "Linha do tempo", Legend: "Passe o mouse sobre um sinal para ler o que ele é.",
		Send: "envio", Deliver: "entrega", Show: "exibição", Commit: "confirmação de offset ou transação", Abort: "aborto", End: "queda",
		OK: "feito", Failed: "recusado", Unknown: "sem resposta",
	}
	reportEnglish = reportWords{
		Title: "Lab", Timeline: "Timeline", Legend: "Point at a mark to read what it is.",
		Send: "send", Deliver: "delivery", Show: "shown", Commit: "commit of an offset or a transaction", Abort: "abort", End: "crash",
		OK: "done", Failed: "refused", Unknown: "no answer",
	}
)

// The picture's measures, in pixels.
const (
	pictureLeft, pictureRight = 140, 20
	pictureWidth              = 1100
	laneHeight                = 96
)

// heights are where in a lane each step stands: what a message goes through, from top to bottom.
var heights = map[history.Step]int{history.Send: 20, history.Deliver: 20, history.Show: 40, history.Commit: 60, history.Abort: 60}

func draw(t Timeline, words reportWords) picture {
	p := picture{Width: pictureWidth, Height: len(t.Tracks)*laneHeight + 40, Words: words}
	span := max(t.Ended.Sub(t.Began), time.Second)
	x := func(at time.Time) int {
		return pictureLeft + int(float64(pictureWidth-pictureLeft-pictureRight)*float64(at.Sub(t.Began))/float64(span))
	}
	for s := time.Duration(0); s <= span; s += max(time.Second, (span / 12).Truncate(time.Second)) {
		p.Ticks = append(p.Ticks, tick{x(t.Began.Add(s)), fmt.Sprintf("%.0f s", s.Seconds())})
	}
	for i, track := range t.Tracks {
		l := lane{Name: track.Name, Y: i * laneHeight}
		for n, life := range track.Lives {
			end := life.Ended
			if end.IsZero() {
				end = t.Ended
			}
			l.Bars = append(l.Bars, bar{
				X: x(life.Began), Y: l.Y + 8, Width: max(2, x(end)-x(life.Began)), Crashed: life.Code != 0,
				Title: fmt.Sprintf("%s #%d: %s", track.Name, n+1, ending(life)),
			})
		}
		l.Marks = marks(track.Entries, l.Y, x, words)
		p.Lanes = append(p.Lanes, l)
	}
	return p
}

func ending(life Life) string {
	if life.Ended.IsZero() {
		return "…"
	}
	return fmt.Sprintf("exit code %d", life.Code)
}

// marks are one for each step: at its result, or where it has none at its intent.
func marks(entries []history.Entry, y int, x func(time.Time) int, words reportWords) []mark {
	var all []mark
	results := map[string]bool{}
	key := func(e history.Entry) string { return fmt.Sprint(e.Session, e.Operation) }
	for _, e := range entries {
		if e.Phase != history.Intent {
			results[key(e)] = true
		}
	}
	for _, e := range entries {
		if e.Phase == history.Intent && results[key(e)] || heights[e.Step] == 0 {
			continue
		}
		m := mark{X: x(e.At), Y: y + heights[e.Step] + 8, Kind: string(e.Step), Class: string(e.Phase), Title: describe(e, words)}
		if e.Phase == history.Intent {
			m.Class = string(history.Unknown)
		}
		all = append(all, m)
	}
	return all
}

func describe(e history.Entry, words reportWords) string {
	step := map[history.Step]string{
		history.Send: words.Send, history.Deliver: words.Deliver, history.Show: words.Show, history.Commit: words.Commit, history.Abort: words.Abort,
	}[e.Step]
	outcome := map[history.Phase]string{history.OK: words.OK, history.Failed: words.Failed}[e.Phase]
	if outcome == "" {
		outcome = words.Unknown
	}
	fields := []string{step}
	if e.Number > 0 {
		fields = append(fields, fmt.Sprintf("id %d", e.Number))
	}
	if e.Offset >= 0 {
		fields = append(fields, fmt.Sprintf("offset %d", e.Offset))
	}
	fields = append(fields, outcome, e.At.Local().Format("15:04:05.000"), e.Error)
	return strings.Join(slices.DeleteFunc(fields, func(s string) bool { return s == "" }), " · ")
}
