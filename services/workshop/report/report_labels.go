package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"workshop.example/kit/history"
)

// makeRoom takes the ids away that would touch the one before them in their row. The marks are sorted by X.
func makeRoom(marks []mark) {
	free := map[int]int{} // the first X of a row that no id has taken
	for i, m := range marks {
		half := len(m.ID)*digitWidth/2 + 1
		switch {
		case m.ID == "":
		case m.X-half < free[m.Y]:
			marks[i].ID = ""
		default:
			free[m.Y] = m.X + half
		}
	}
}

func crashLabels(track Track, x func(time.Time) int, words reportWords) []label {
	var labels []label
	for _, life := range track.Lives {
		if !life.Ended.IsZero() && life.Code != 0 {
			labels = append(labels, label{At: x(life.Ended), Class: "crash", Text: words.ending(life)})
		}
	}
	return labels
}

// idLabels name what is missing, and what this program has shown more than once.
func idLabels(entries, gone []history.Entry, x func(time.Time) int) []label {
	type noted struct{ at, id, times int } // times 0: missing
	var all []noted
	for _, e := range gone {
		all = append(all, noted{at: x(e.At), id: e.Number})
	}
	times, last := map[message]int{}, map[message]time.Time{}
	for _, e := range entries {
		if e.Step == history.Show && e.Phase == history.OK {
			m := message{e.Stream, e.Number}
			times[m]++
			last[m] = e.At
		}
	}
	for m, n := range times {
		if n > 1 {
			all = append(all, noted{x(last[m]), m.number, n})
		}
	}
	slices.SortFunc(all, func(a, b noted) int {
		return cmp.Or(cmp.Compare(a.times, b.times), cmp.Compare(a.id, b.id), cmp.Compare(a.at, b.at))
	})
	var labels []label
	for i := 0; i < len(all); {
		first, together := all[i], []int{}
		for ; i < len(all) && all[i].times == first.times && all[i].id == first.id+len(together) && all[i].at-first.at < labelsTogether; i++ {
			together = append(together, all[i].id)
		}
		l := label{At: first.at, Class: lostKind, Text: "✗ " + IDs(together)}
		if first.times > 0 {
			l = label{At: first.at, Class: "repeated", Text: fmt.Sprintf("%s ×%d", IDs(together), first.times)}
		}
		labels = append(labels, l)
	}
	return labels
}

// width is that of the label's text, at most.
func (l label) width() int { return letterWidth * utf8.RuneCountInString(l.Text) }

// arrange puts the labels into rows in which none touches another. One that begins above another's text stands in the
// row below it, so that no line that leads down crosses a text. What finds no room in the last row is left out: the
// mark is there, and the table.
func arrange(labels []label) []label {
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.At, b.At) })
	var all []label
	for _, l := range labels {
		l.X = l.At + 4
		for _, left := range all {
			if left.X+left.width()+6 > l.At {
				l.Y = max(l.Y, left.Y+labelHeight)
			}
		}
		if l.Y < mostLabelRows*labelHeight {
			all = append(all, l)
		}
	}
	return all
}
