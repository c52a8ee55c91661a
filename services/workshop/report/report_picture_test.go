package report

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
)

var lossyWords = Words{
	Summary: service.Text{
		PT: "o gol perdido",
		EN: "the lost goal",
	}, Why: service.Text{PT: "o offset foi confirmado antes.", EN: "the offset was committed first."},
	Will: [3]service.Text{{
		PT: "uma partida",
		EN: "a match",
	}, {PT: "uma queda", EN: "a crash of the board"}, {PT: "Previsão: falta o id 5", EN: "Prediction: id 5 is missing"}},
}

// lossy is a match of ten goals. The board crashes after it has committed the offset of id 5, which it does not show,
// and shows id 6 in both its lives.
func lossy() Result {
	began := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	at := func(n int) time.Time { return began.Add(time.Duration(n) * 400 * time.Millisecond) }
	subject := func(n int, offset int64) history.Subject {
		return history.Subject{Stream: "m", Number: n, Topic: "scoreGame", Offset: offset}
	}
	var sends, steps []history.Entry
	for n := 1; n <= 10; n++ {
		sends = append(sends, history.Entry{
			At:        at(n),
			Operation: uint64(n),
			Step:      history.Send,
			Phase:     history.OK,
			Subject:   subject(n, int64(n-1)),
		})
		steps = append(steps, history.Entry{
			At:      at(n).Add(10 * time.Millisecond),
			Step:    history.Deliver,
			Phase:   history.OK,
			Subject: subject(0, int64(n-1)),
		})
		if n != 5 {
			steps = append(steps, history.Entry{
				At:        at(n).Add(20 * time.Millisecond),
				Operation: uint64(10 + n),
				Step:      history.Show,
				Phase:     history.OK,
				Subject:   subject(n, int64(n-1)),
			})
		}
		steps = append(steps, history.Entry{
			At:        at(n).Add(30 * time.Millisecond),
			Operation: uint64(30 + n),
			Step:      history.Commit,
			Phase:     history.OK,
			Subject:   subject(0, int64(n)),
		})
	}
	steps = append(steps, history.Entry{At: at(8), Operation: 99, Step: history.Show, Phase: history.OK, Subject: subject(6, 5)})
	timeline := Timeline{Began: began, Ended: at(12), Tracks: []Track{
		{Name: "score-simulator", Lives: []Life{{Began: began, Ended: at(11)}}, Entries: sends},
		{Name: "scoreboard", Lives: []Life{{began, at(5).Add(35 * time.Millisecond), crashedCode}, {Began: at(6)}}, Entries: steps},
	}}
	timeline.Identify()
	counted := verdict.Verdict{Produced: 10, Processed: 9, Lost: []verdict.Message{{Stream: "m", Number: 5}}}
	return Result{
		Name:     "at-most-once",
		Words:    lossyWords,
		Seed:     42,
		Timeline: timeline,
		Parts:    []Part{{Counted: counted, Highest: 10, Want: Prediction{Lost: []int{5}}}},
	}
}

// The id that was lost is marked where it was sent, and where its line is missing; that which was shown twice is named.
func TestReportMarksTheLostID(t *testing.T) {
	r := lossy()
	p := draw(r.Timeline, r.missing(service.Portuguese), reportPortuguese)
	var got []string
	for _, l := range p.Lanes {
		for _, m := range l.Marks {
			if m.Kind == lostKind {
				got = append(got, fmt.Sprintf("%s %s %s", l.Name, m.Class, m.Title))
			}
		}
		for _, label := range l.Labels {
			got = append(got, l.Name+" "+label.Text)
		}
	}
	want := []string{
		"score-simulator ring id 5 · perdida", "score-simulator ✗ id 5",
		"scoreboard gap id 5 · perdida", "scoreboard ✗ id 5", "scoreboard queda (código 137)", "scoreboard id 6 ×2",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("marked: %q, want %q", got, want)
	}
	page := pageOf(t, r)
	if !strings.Contains(page, `<li class="lost">5✗</li>`) {
		t.Error("the strip of ids does not mark id 5")
	}

	r.Parts[0].Counted.Lost = nil // control
	if page := pageOf(t, r); strings.Contains(page, "✗ id 5") || strings.Contains(page, "5✗") {
		t.Error("id 5 is marked, and was not lost")
	}
}

// A student's program keeps no history: its lines are drawn, and the gap between them.
func TestReportOfLinesOnly(t *testing.T) {
	r := lossy()
	board := &r.Timeline.Tracks[1]
	var lines []history.Entry
	for _, e := range board.Entries {
		if e.Step == history.Show {
			e.Stream = ""
			lines = append(lines, e)
		}
	}
	board.Entries, board.LinesOnly = lines, true
	page := pageOf(t, r)
	if strings.Count(page, "<title>id 5 · lost</title>") != 2 {
		t.Error("id 5 is not marked in the board's lane")
	}
}

type box struct {
	name                     string
	left, top, right, bottom int
}

func (a box) touches(b box) bool {
	return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

// boxes are where text stands in the picture.
func (p picture) boxes() []box {
	var all []box
	for _, l := range p.Lanes {
		all = append(all, box{l.Name, 0, l.Y, 40 + letterWidth*len(l.Name), l.Y + nameHeight})
		for _, b := range l.Labels {
			all = append(all, box{b.Text, b.X, b.Y - 12, b.X + b.width(), b.Y + 4})
		}
		all = append(all, box{"the bars of " + l.Name, 0, l.Top, p.Width, l.Top + l.Tall})
	}
	for _, tick := range p.Ticks {
		all = append(all, box{tick.Text, tick.X - letterWidth*len(tick.Text)/2, p.Axis, tick.X + letterWidth*len(tick.Text)/2, p.Axis + 20})
	}
	return all
}

// overlaps are the texts that are painted over each other, or leave the picture.
func (p picture) overlaps() (faults []string) {
	boxes := p.boxes()
	for i, a := range boxes {
		if a.right > p.Width+4 || a.bottom > p.Height {
			faults = append(faults, a.name+" is outside")
		}
		for _, b := range boxes[:i] {
			if a.touches(b) {
				faults = append(faults, a.name+" over "+b.name)
			}
		}
	}
	for _, l := range p.Lanes { // the line that leads to a mark crosses no other label
		for _, a := range l.Labels {
			for _, b := range l.Labels {
				if lead := (box{"", a.At, a.Y, a.At + 1, a.To}); a != b && lead.touches(box{"", b.X, b.Y - 12, b.X + b.width(), b.Y + 4}) {
					faults = append(faults, "the line of "+a.Text+" crosses "+b.Text)
				}
			}
		}
	}
	return faults
}

func TestReportPaintsNothingOver(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		r := lossy()
		missing := r.missing(service.English)
		for i := range r.Timeline.Tracks[1].Lives {
			r.Timeline.Tracks[1].Lives[i].Code = []int{0, crashedCode, killedCode, 1}[random.IntN(4)]
		}
		for id := range 10 {
			if random.IntN(3) == 0 {
				missing[message{"m", id + 1}] = "lost"
			}
		}
		for range random.IntN(12) {
			e := r.Timeline.Tracks[1].Entries[random.IntN(20)]
			e.Step, e.Number, e.At = history.Show, 1+random.IntN(10), r.Timeline.Began.Add(time.Duration(random.IntN(4800))*time.Millisecond)
			e.Operation = uint64(1000 + random.IntN(1000))
			r.Timeline.Tracks[1].Entries = append(r.Timeline.Tracks[1].Entries, e)
		}
		p := draw(r.Timeline, missing, reportEnglish)
		if faults := p.overlaps(); len(faults) > 0 {
			t.Fatalf("picture %d: %q", n, faults)
		}
		p.Lanes[1].Labels = append(p.Lanes[1].Labels, p.Lanes[0].Labels...) // control
		if len(p.Lanes[0].Labels) > 0 && len(p.overlaps()) == 0 {
			t.Fatalf("picture %d: a label over another is not found", n)
		}
	}
}

var (
	fontSize = regexp.MustCompile(`font(?:-size)?:[^;}]*?([\d.]+)(px|rem|pt|em)`)
	drawn    = regexp.MustCompile(`<svg width="(\d+)" height="(\d+)" viewBox="0 0 (\d+) (\d+)"`)
)

// smallText is what would be shown with less than 11 px, however narrow the window is.
func smallText(page string) (faults []string) {
	screen, _, _ := strings.Cut(page, "@media print")
	for _, m := range fontSize.FindAllStringSubmatch(screen, -1) {
		size, _ := strconv.ParseFloat(m[1], 64)
		if m[2] == "rem" || m[2] == "em" {
			size *= 17
		}
		if size < 11 {
			faults = append(faults, m[0])
		}
	}
	if m := drawn.FindStringSubmatch(page); m == nil || m[1] != m[3] || m[2] != m[4] {
		faults = append(faults, "the picture is scaled")
	}
	if regexp.MustCompile(`svg \{[^}]*width:`).MatchString(screen) {
		faults = append(faults, "the picture is as narrow as the window")
	}
	return faults
}

func TestReportIsReadableOnATelephone(t *testing.T) {
	page := pageOf(t, lossy())
	if faults := smallText(page); len(faults) > 0 {
		t.Errorf("%q", faults)
	}
	for _, want := range []string{
		`name="viewport" content="width=device-width`, `.box { overflow-x: auto`, "@media (prefers-color-scheme: dark)", "@media print",
		`<main>`, `<header>`, `lang="en"`, `role="status"`, `tabindex="0"`, "<caption>scoreboard</caption>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, bad := range []string{`<svg width="1100"`, `svg text { font: 13px`, `svg { display: block;`} {
		damaged := strings.NewReplacer(`<svg width="1100"`, `<svg width="370"`, `svg text { font: 13px`, `svg text { font: 9px`,
			`svg { display: block;`, `svg { width: 100%;`)
		if !strings.Contains(page, bad) || len(smallText(strings.Replace(page, bad, damaged.Replace(bad), 1))) == 0 {
			t.Errorf("control: %s made small is not found", bad)
		}
	}
}

// Every step of the picture is in the table.
func TestReportTablesHaveAllMarks(t *testing.T) {
	r := lossy()
	tables := ""
	for _, h := range histories(r.Timeline, reportEnglish) {
		for _, row := range h.Rows {
			tables += row.Text + "\n"
		}
	}
	for _, l := range draw(r.Timeline, nil, reportEnglish).Lanes {
		for _, m := range l.Marks {
			if !strings.Contains(tables, m.Title+"\n") {
				t.Errorf("the tables lack %q", m.Title)
			}
		}
	}
	if !strings.Contains(tables, "life 1: crash (code 137)\n") || !strings.Contains(tables, "delivery · id 3 · offset 2") {
		t.Errorf("the tables lack the crash, or the id of a delivery:\n%s", tables)
	}
}

// Each word exists in both languages, and a page has those of one.
func TestReportIsTranslated(t *testing.T) {
	pt, en := reflect.ValueOf(reportPortuguese), reflect.ValueOf(reportEnglish)
	pages := map[service.Lang]string{service.Portuguese: "", service.English: ""}
	for lang := range pages {
		var page strings.Builder
		if err := lossy().Report(&page, lang); err != nil {
			t.Fatal(err)
		}
		pages[lang] = page.String()
	}
	for i := range pt.NumField() {
		name, a, b := pt.Type().Field(i).Name, pt.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" || a == b {
			t.Errorf("%s: %q and %q", name, a, b)
		}
		whole := func(word string) *regexp.Regexp {
			return regexp.MustCompile(`[>"\s·]` + regexp.QuoteMeta(word) + `[<:\s·]`)
		}
		if whole(b).MatchString(visible(pages[service.Portuguese])) && name != "Date" {
			t.Errorf("%s: the Portuguese page says %q", name, b)
		}
		if whole(a).MatchString(visible(pages[service.English])) && name != "Date" {
			t.Errorf("%s: the English page says %q", name, a)
		}
	}
	if !strings.Contains(pages[service.Portuguese], "· semente 42") || !strings.Contains(pages[service.Portuguese], `lang="pt-BR"`) {
		t.Error("the Portuguese page has no seed")
	}
}

// visible is a page without its style, script and the classes of its elements.
func visible(page string) string {
	page = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(page, "")
	return regexp.MustCompile(`(class|id|aria-labelledby|role|data-lane)="[^"]*"`).ReplaceAllString(page, "")
}

func pageOf(t *testing.T, r Result) string {
	t.Helper()
	var page strings.Builder
	if err := r.Report(&page, service.English); err != nil {
		t.Fatal(err)
	}
	return page.String()
}
