package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"workshop.example/kit/history"
)

// picture is the timeline, drawn: a lane for each program, and in it from top to bottom its name, what is to be
// noticed, and a row for each step that a message goes through.
type (
	picture struct {
		Width, Height, Axis int
		Lanes               []lane
		Ticks               []tick
	}
	lane struct {
		Name      string
		Y, Height int // of all of it
		Top, Tall int // of its bars
		Bars      []bar
		Marks     []mark
		Labels    []label
	}
	bar struct {
		X, Y, Width, Height int
		Crashed             bool
		Title               string
	}
	mark struct {
		X, Y        int
		Kind, Class string // the step, or lost; and its outcome
		Title       string
		ID          string // of the message, below the mark; empty where there is no room
		First       bool   // of its lane: the one that Tab comes to
	}
	// label is text beside what is to be noticed. X is where it begins; a line leads from it to the place At.
	label struct {
		X, Y, At, To int
		Class, Text  string
	}
	tick struct {
		X    int
		Text string
	}
)

// message is what an id belongs to: other matches have the same ids.
type message struct {
	stream string
	number int
}

// The picture's measures, in pixels of the screen: it is never made smaller, or its text could not be read.
const (
	PictureLeft, pictureRight = 16, 28
	PictureWidth              = 1100
	nameHeight                = 26
	labelHeight               = 18
	rowHeight                 = 22
	idHeight                  = 12 // below the marks of a row that has ids
	digitWidth                = 7  // at most, of 11 px
	axisHeight                = 30
	letterWidth               = 8 // at most, of 13 px
	mostLabelRows             = 4
	labelsTogether            = 60 // ids in a row that come so close have one label
)

// rows are the steps from top to bottom: what a message goes through.
var rows = [][]history.Step{{history.Send}, {history.Deliver}, {history.Show}, {history.Commit, history.Abort}}

// withIDs are the steps that have the ids of their messages below them: what a producer sends, and what a screen shows.
var withIDs = map[history.Step]bool{history.Send: true, history.Show: true}

// lostKind is of the mark where a line of the screen is missing.
const lostKind = "lost"

func draw(t Timeline, missing map[message]string, words reportWords) picture {
	p := picture{Width: PictureWidth}
	span := max(t.Ended.Sub(t.Began), time.Second)
	x := func(at time.Time) int {
		return PictureLeft + int(float64(PictureWidth-PictureLeft-pictureRight)*float64(at.Sub(t.Began))/float64(span))
	}
	for s := time.Duration(0); s <= span; s += max(time.Second, (span / 12).Truncate(time.Second)) {
		p.Ticks = append(p.Ticks, tick{x(t.Began.Add(s)), fmt.Sprintf("%.0f s", s.Seconds())})
	}
	for _, track := range t.Tracks {
		l := drawLane(track, p.Height, t.Ended, x, missing, words)
		p.Height += l.Height
		for _, label := range l.Labels {
			p.Width = max(p.Width, label.X+label.width()+4)
		}
		p.Lanes = append(p.Lanes, l)
	}
	p.Axis = p.Height
	p.Height += axisHeight
	return p
}

func drawLane(track Track, y int, ended time.Time, x func(time.Time) int, missing map[message]string, words reportWords) lane {
	l := lane{Name: track.Name, Y: y}
	entries := outcomes(track.Entries)
	gone := notShown(track, entries, missing)
	l.Labels = arrange(slices.Concat(crashLabels(track, x, words), idLabels(entries, gone, x)))
	l.Top = y + nameHeight
	for _, label := range l.Labels {
		l.Top = max(l.Top, y+nameHeight+label.Y+labelHeight)
	}
	rowOf := map[history.Step]int{}
	l.Tall = 4
	for _, steps := range rows {
		used := slices.ContainsFunc(entries, func(e history.Entry) bool { return slices.Contains(steps, e.Step) })
		for _, step := range steps {
			rowOf[step] = l.Top + l.Tall + rowHeight/2
		}
		if used {
			l.Tall += rowHeight
		}
		if used && withIDs[steps[0]] {
			l.Tall += idHeight
		}
	}
	l.Tall = max(l.Tall, rowHeight) + 4
	l.Height = l.Top - y + l.Tall + 10

	for n, life := range track.Lives {
		end := life.Ended
		if end.IsZero() {
			end = ended
		}
		l.Bars = append(l.Bars, bar{
			X: x(life.Began), Y: l.Top, Width: max(2, x(end)-x(life.Began)), Height: l.Tall, Crashed: life.Code != 0,
			Title: fmt.Sprintf("%s · %s %d · %s", track.Name, words.Life, n+1, words.ending(life)),
		})
	}
	for _, e := range entries {
		m := mark{X: x(e.At), Y: rowOf[e.Step], Kind: string(e.Step), Class: string(e.Phase), Title: words.describe(e)}
		if withIDs[e.Step] && e.Number > 0 {
			m.ID = strconv.Itoa(e.Number)
		}
		l.Marks = append(l.Marks, m)
	}
	for _, e := range gone {
		row, class := rowOf[history.Show], "gap" // in the program's lines
		if e.Step == history.Send {
			row, class = rowOf[history.Send], "ring" // around the mark of the send
		}
		l.Marks = append(l.Marks, mark{
			X:     x(e.At),
			Y:     row,
			Kind:  lostKind,
			Class: class,
			Title: fmt.Sprintf("id %d · %s", e.Number, missing[message{e.Stream, e.Number}]),
		})
	}
	slices.SortStableFunc(l.Marks, func(a, b mark) int { return cmp.Compare(a.X, b.X) })
	makeRoom(l.Marks)
	if len(l.Marks) > 0 {
		l.Marks[0].First = true
	}
	for i := range l.Labels {
		l.Labels[i].Y += y + nameHeight + labelHeight - 5
		l.Labels[i].To = l.Top
		for _, m := range l.Marks {
			if m.X == l.Labels[i].At && (m.Kind == lostKind || m.Kind == string(history.Show) && l.Labels[i].Class == "repeated") {
				l.Labels[i].To = m.Y - 9
			}
		}
	}
	return l
}

// outcomes are one entry for each step that is drawn: its result, or where it has none its intent, of which nobody
// knows what became.
func outcomes(entries []history.Entry) []history.Entry {
	key := func(e history.Entry) string { return fmt.Sprint(e.Session, e.Operation) }
	results := map[string]bool{}
	for _, e := range entries {
		if e.Phase != history.Intent {
			results[key(e)] = true
		}
	}
	var all []history.Entry
	for _, e := range entries {
		drawn := slices.ContainsFunc(rows, func(steps []history.Step) bool { return slices.Contains(steps, e.Step) })
		if !drawn || e.Phase == history.Intent && results[key(e)] {
			continue
		}
		if e.Phase == history.Intent {
			e.Phase = history.Unknown
		}
		all = append(all, e)
	}
	return all
}

// notShown are the last steps that a missing message went through in this program: its delivery or commit where the
// program shows lines, or its send. A program without a history has its lines alone; there the goal is missing
// between two of them.
func notShown(track Track, entries []history.Entry, missing map[message]string) []history.Entry {
	screen := slices.ContainsFunc(entries, func(e history.Entry) bool { return e.Step == history.Show })
	shown, at, behind := map[message]bool{}, map[message]history.Entry{}, map[place]history.Entry{}
	for _, e := range entries {
		if read, ok := behind[place{e.Topic, e.Partition, e.Offset}]; ok && e.Step == history.Commit && e.Number == 0 {
			e.Stream, e.Number = read.Stream, read.Number
		}
		m := message{e.Stream, e.Number}
		switch {
		case e.Number == 0:
		case e.Step == history.Show:
			shown[m] = shown[m] || e.Phase == history.OK
		case e.Step == history.Send && !screen, screen && (e.Step == history.Deliver || e.Step == history.Commit):
			at[m] = e
		}
		if e.Step == history.Deliver {
			behind[place{e.Topic, e.Partition, e.Offset + 1}] = e
		}
	}
	var gone []history.Entry
	for m := range missing {
		i := slices.IndexFunc(entries, func(e history.Entry) bool { return e.Number >= m.number })
		e, ok := at[m]
		switch {
		case ok && !shown[m]:
			gone = append(gone, e)
		case track.LinesOnly && i > 0 && entries[i].Number > m.number:
			e := entries[i-1]
			e.Stream, e.Number, e.At = m.stream, m.number, e.At.Add(entries[i].At.Sub(e.At)/2)
			gone = append(gone, e)
		}
	}
	slices.SortFunc(gone, func(a, b history.Entry) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Number, b.Number)) })
	return gone
}
