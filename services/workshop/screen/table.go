package screen

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"workshop.example/kit/fold"
)

// Table writes text with its columns, which tabs separate, aligned: each run of lines with tabs is a
// table. Lines without tabs are sentences. Where width is above 0 nothing is wider:
//
//   - columns for which there is no room at all are left out, from the right;
//   - names are shortened, with an ellipsis in their middle, numbers never;
//   - what stands behind the last heading, or last in a table without headings, is a sentence.
//
// It returns the headings of the columns that were left out.
func Table(w io.Writer, text string, width int) (dropped []string, err error) {
	var out strings.Builder
	var rows [][]string
	flush := func() {
		dropped = append(dropped, writeTable(&out, rows, width)...)
		rows = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "\t") {
			rows = append(rows, strings.Split(line, "\t"))
			continue
		}
		flush()
		out.WriteString(strings.Join(fold.Line(line, width, 4), "\n") + "\n")
	}
	flush()
	_, err = io.WriteString(w, out.String())
	slices.Sort(dropped)
	return slices.Compact(dropped), err
}

var (
	heading = regexp.MustCompile(`^[A-Z][A-Z -]*$`)
	numeric = regexp.MustCompile(`^[-+?0-9.,]*$`)
)

// writeTable writes one table, and returns the headings of the columns that it leaves out.
func writeTable(out *strings.Builder, rows [][]string, width int) []string {
	if len(rows) == 0 {
		return nil
	}
	var whole strings.Builder
	tw := tabwriter.NewWriter(&whole, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	tw.Flush()
	if width <= 0 || widest(whole.String()) <= width {
		out.WriteString(whole.String())
		return nil
	}
	t := tableOf(rows)
	dropped := t.dropRight(width)
	t.shrink(width)
	t.write(out, width)
	return dropped
}

func widest(text string) (n int) {
	for line := range strings.Lines(text) {
		n = max(n, fold.Cells(strings.TrimRight(line, " \n")))
	}
	return n
}

// table is one that is too wide. Its columns are those with a heading, or all but the last.
type table struct {
	headed  bool
	rows    [][]string // of as many cells as there are columns
	remarks []string   // behind the last column, a row each
	widths  []int
	floors  []int // a column is not made narrower
}

func tableOf(rows [][]string) *table {
	t := &table{headed: !slices.ContainsFunc(rows[0], func(cell string) bool { return !heading.MatchString(cell) })}
	columns := len(rows[0])
	if !t.headed {
		for _, row := range rows {
			columns = max(columns, len(row))
		}
		columns--
	}
	for _, row := range rows {
		cells := append(slices.Clone(row), make([]string, columns)...)[:columns]
		t.rows = append(t.rows, cells)
		t.remarks = append(t.remarks, strings.Join(row[min(columns, len(row)):], " "))
	}
	for c := range columns {
		t.measure(c)
	}
	return t
}

// measure finds a column's width, and how narrow it may become: numbers stay whole, names keep their
// beginning and end.
func (t *table) measure(c int) {
	const least = 12
	width, body, numbers := 0, 0, true
	for i, row := range t.rows {
		n := fold.Cells(row[c])
		width = max(width, n)
		if t.headed && i == 0 {
			continue
		}
		body, numbers = max(body, n), numbers && numeric.MatchString(row[c])
	}
	floor := min(width, least)
	if numbers {
		floor = min(width, max(body, 6))
	}
	t.widths, t.floors = append(t.widths, width), append(t.floors, floor)
}

func total(widths []int) int {
	n := 2 * (len(widths) - 1)
	for _, w := range widths {
		n += w
	}
	return n
}

// dropRight leaves out columns from the right until the narrowest form fits.
func (t *table) dropRight(width int) (dropped []string) {
	for t.headed && len(t.widths) > 1 && total(t.floors) > width {
		dropped = append(dropped, t.drop(len(t.widths)-1))
	}
	return dropped
}

func (t *table) drop(c int) (name string) {
	name = t.rows[0][c]
	for i := range t.rows {
		t.rows[i] = slices.Delete(t.rows[i], c, c+1)
	}
	t.widths, t.floors = slices.Delete(t.widths, c, c+1), slices.Delete(t.floors, c, c+1)
	return name
}

// shrink takes from the widest columns until the table fits.
func (t *table) shrink(width int) {
	for total(t.widths) > width {
		widest := -1
		for c := range t.widths {
			if t.widths[c] > t.floors[c] && (widest < 0 || t.widths[c] >= t.widths[widest]) {
				widest = c
			}
		}
		if widest < 0 {
			return
		}
		t.widths[widest]--
	}
}

// write writes the rows, and remarks beside them, or below where there is too little room.
func (t *table) write(out *strings.Builder, width int) {
	const least = 24 // columns that a sentence needs
	beside := total(t.widths) + 2
	for i, row := range t.rows {
		line := ""
		for c, cell := range row {
			cell = shorten(cell, t.widths[c], t.headed && i == 0)
			line += cell + strings.Repeat(" ", t.widths[c]-fold.Cells(cell)+2)
		}
		switch {
		case t.remarks[i] == "":
			out.WriteString(strings.TrimRight(line, " ") + "\n")
		case width-beside >= least:
			out.WriteString(strings.Join(fold.Line(line+t.remarks[i], width, beside), "\n") + "\n")
		default:
			out.WriteString(strings.TrimRight(line, " ") + "\n" + strings.Join(fold.Line("    "+t.remarks[i], width, 4), "\n") + "\n")
		}
	}
}

// shorten cuts a name to width columns, with an ellipsis: in its middle, as names differ in their ends,
// and at the end of a heading.
func shorten(cell string, width int, atEnd bool) string {
	if fold.Cells(cell) <= width {
		return cell
	}
	tail := (width - 1) / 2
	if atEnd {
		tail = 0
	}
	head := width - 1 - tail
	letters := []rune(cell)
	for fold.Cells(string(letters[:head])) > width-1-tail {
		head--
	}
	for tail > 0 && fold.Cells(string(letters[len(letters)-tail:])) > (width-1)/2 {
		tail--
	}
	return string(letters[:head]) + "…" + string(letters[len(letters)-tail:])
}
