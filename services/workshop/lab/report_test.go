package lab

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// A lab that starts no program has a page too: with its table, and no empty picture.
func TestReportWithoutPrograms(t *testing.T) {
	r := report.Result{Name: "partitions", Parts: []report.Part{partWithKeys(asSent())}, Timeline: timeline(&rig.Bench{})}
	var page strings.Builder
	if err := r.Report(&page, service.English); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Partition 0: eva 3, eva 7", "as predicted for partitions", "there are no programs to draw", "</html>"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, empty := range []string{"<figure", "<svg", "<details", "<script"} {
		if strings.Contains(page.String(), empty) {
			t.Errorf("the page has %s, and nothing to draw", empty)
		}
	}
}

// The page of a real run has everything that the match went through in its picture, the crash between
// the two showings of id 5, and nothing from elsewhere. Controls: what is left out is missed.
func TestReportShowsWhatHappened(t *testing.T) {
	result, err := run(t, t.Context(), atLeastOnce, rig.Options{Pace: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if faults := pictureFaults(reportOf(t, result)); len(faults) > 0 {
		t.Errorf("the picture: %q", faults)
	}
	if away := fromElsewhere(reportOf(t, result)); len(away) > 0 {
		t.Errorf("the page loads %q", away)
	}

	wantFault := func(r report.Result, want string) {
		t.Helper()
		if got := pictureFaults(reportOf(t, r)); !slices.ContainsFunc(got, func(fault string) bool { return strings.Contains(fault, want) }) {
			t.Errorf("of the picture it is said %q, want %q", got, want)
		}
	}
	for _, step := range []history.Step{history.Send, history.Deliver, history.Show, history.Commit} {
		wantFault(damaged(result, func(track *report.Track) {
			track.Entries = slices.DeleteFunc(track.Entries, func(e history.Entry) bool { return e.Step == step })
		}), fmt.Sprintf("0 marks %s ok, want", step))
	}
	wantFault(damaged(result, func(track *report.Track) { track.Lives[0].Code = 0 }), "crashes at []")
	wantFault(damaged(result, func(track *report.Track) { track.Lives[0].Ended = track.Lives[0].Began }),
		"is not between the two showings of id 5")
	result.Timeline.Tracks = nil
	wantFault(result, "no picture")
	for _, bad := range []string{
		`<script src="https://cdn.example/x.js">`,
		`<img src=//cdn.example/x.png>`,
		`<style>@import "x.css"</style>`,
		`<p style="background: url(x.png)">`,
		`<link rel=stylesheet href=x.css>`,
		`<script>import("./x.js")</script>`,
		`<script>fetch("/x")</script>`,
	} {
		if len(fromElsewhere(bad)) == 0 {
			t.Errorf("%s is not found", bad)
		}
	}
}

func reportOf(t *testing.T, r report.Result) string {
	t.Helper()
	var page strings.Builder
	if err := r.Report(&page, service.English); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// damaged is a result with another time line.
func damaged(r report.Result, damage func(*report.Track)) report.Result {
	r.Timeline.Tracks = slices.Clone(r.Timeline.Tracks)
	for i := range r.Timeline.Tracks {
		r.Timeline.Tracks[i].Entries = slices.Clone(r.Timeline.Tracks[i].Entries)
		r.Timeline.Tracks[i].Lives = slices.Clone(r.Timeline.Tracks[i].Lives)
		damage(&r.Timeline.Tracks[i])
	}
	return r
}

var external = regexp.MustCompile(`(?i)<(link|img|iframe|object|embed|base)\b|@import|url\(|\b(src|href|srcset|data)\s*=|https?:|\b(import|fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b`)

// fromElsewhere is what a page would load from another file or another machine.
func fromElsewhere(page string) []string {
	return external.FindAllString(strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, ""), -1)
}

// element is one of an inline picture; what it has not is zero.
type element struct {
	Class     string    `xml:"class,attr"`
	Transform string    `xml:"transform,attr"`
	X         int       `xml:"x,attr"`
	Width     int       `xml:"width,attr"`
	Path      string    `xml:"d,attr"`
	Title     string    `xml:"title"`
	Children  []element `xml:",any"`
}

// pictureFaults says what the picture of the lab at-least-once lacks: 47 goals and the end are sent and
// committed once each, and one of them is delivered and shown twice, before the crash and after it.
func pictureFaults(page string) (faults []string) {
	_, rest, _ := strings.Cut(page, "<svg ")
	inside, _, whole := strings.Cut(rest, "</svg>") // the first: the legend is another
	var picture element
	if err := xml.Unmarshal([]byte("<svg "+inside+"</svg>"), &picture); err != nil || !whole {
		return []string{fmt.Sprint("no picture: ", err)}
	}
	times := map[string]int{}
	var ends, lines, fifth []int // crashed lives' ends, the lines of crashes, and id 5 on the screen: pixels from the left
	for _, e := range picture.Children {
		x, y := 0, 0
		if n, _ := fmt.Sscanf(e.Transform, "translate(%d %d)", &x, &y); n == 2 && (e.Title != "" && (x < report.PictureLeft ||
			x > report.PictureWidth || y <= 0)) {
			faults = append(faults, e.Title+" is outside")
		}
		if e.Title != "" && len(e.Children) > 0 { // a mark that can be seen
			times[e.Class]++
		}
		switch {
		case e.Class == "life crashed":
			ends = append(ends, e.X+e.Width)
		case strings.HasPrefix(e.Title, "shown · id 5 · "):
			fifth = append(fifth, x)
		}
		for _, c := range e.Children {
			if along := 0; c.Class == "end" && c.Path != "" {
				fmt.Sscanf(c.Path, "M%d ", &along)
				lines = append(lines, x+along)
			}
		}
	}
	for _, want := range []struct {
		class string
		times int
	}{{"send ok", 48}, {"deliver ok", 49}, {"show ok", 49}, {"commit ok", 48}} {
		if times[want.class] != want.times {
			faults = append(faults, fmt.Sprintf("%d marks %s, want %d", times[want.class], want.class, want.times))
		}
	}
	switch {
	case len(ends) != 1 || !slices.Equal(ends, lines):
		faults = append(faults, fmt.Sprintf("crashes at %d, their lines at %d, want one", ends, lines))
	case len(fifth) != 2 || ends[0] < fifth[0] || ends[0] > fifth[1]:
		faults = append(faults, fmt.Sprintf("the crash at %d is not between the two showings of id 5 at %d", ends[0], fifth))
	}
	return faults
}
