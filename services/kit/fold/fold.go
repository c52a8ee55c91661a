// Package fold breaks text between words, so that it fits the terminal on which it is read.
package fold

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
)

// Default is the width, in columns, of text that goes to no terminal: a pipe or a file.
const Default = 100

// narrowest is the smallest width that is respected: below it a table of flags has no room for words.
const narrowest = 40

// Columns is the width for which w is read: COLUMNS where it is set to a whole number above 0, or
// else that of the terminal behind w, at least 40. It is 0 where there is neither: lines that
// programs read, such as tables, logs and errors, are then left as they are.
func Columns(w io.Writer, lookup func(string) (string, bool)) int {
	if text, ok := lookup("COLUMNS"); ok {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			return max(n, narrowest)
		}
	}
	if f, ok := w.(*os.File); ok {
		if n := terminalWidth(f); n > 0 {
			return max(n, narrowest)
		}
	}
	return 0
}

// Width is Columns, or Default where that is unknown.
func Width(w io.Writer, lookup func(string) (string, bool)) int {
	if n := Columns(w, lookup); n > 0 {
		return n
	}
	return Default
}

// Line breaks a line between words so that no part is wider than width, and returns the parts without
// trailing spaces. Every part but the first is indented by hang spaces. A word that is wider than
// width stays whole, on a part of its own. Width 0 breaks nothing.
func Line(text string, width, hang int) []string {
	text = strings.TrimRight(text, " ")
	if width <= 0 || Cells(text) <= width {
		return []string{text}
	}
	indent := strings.Repeat(" ", min(hang, width/2))
	var parts []string
	part, empty := "", true // empty: no word of the text yet
	for rest := text; rest != ""; {
		word := strings.TrimLeft(rest, " ")
		blanks := rest[:len(rest)-len(word)]
		if i := strings.IndexByte(word, ' '); i >= 0 {
			word = word[:i]
		}
		rest = rest[len(blanks)+len(word):]
		if !empty && Cells(part)+len(blanks)+Cells(word) > width {
			parts = append(parts, part)
			part, blanks = indent, ""
		}
		part += blanks + word
		empty = false
	}
	return append(parts, part)
}

// Lines breaks every line of text, as Line does. What hangs is indented like the line that it belongs
// to, and by hang spaces more.
func Lines(text string, width, hang int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		bare := strings.TrimSuffix(line, "\n")
		own := len(bare) - len(strings.TrimLeft(bare, " "))
		out.WriteString(strings.Join(Line(bare, width, own+hang), "\n"))
		out.WriteString(line[len(bare):])
	}
	return out.String()
}

// Item is a name, padded to a number of columns, and what it stands for: beside it, or below where the
// terminal leaves too little room beside it.
func Item(name string, padded int, meaning string, width int) string {
	const least, below = 50, 6 // least holds the addresses of three brokers, which cannot be broken
	if indent := padded + 2; width-indent >= least {
		line := name + strings.Repeat(" ", max(0, padded-Cells(name))) + "  " + meaning
		return strings.Join(Line(line, width, indent), "\n")
	}
	return name + "\n" + strings.Join(Line(strings.Repeat(" ", below)+meaning, width, below), "\n")
}

// Prose breaks paragraphs, which blank lines separate. The lines of a paragraph are joined first,
// wherever the source breaks them; indented lines are commands, and stay lines of their own.
func Prose(text string, width int) string {
	var out, paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			out = append(out, Line(strings.Join(paragraph, " "), width, 0)...)
			paragraph = nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			flush()
			out = append(out, Command(line, width)...)
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return strings.Join(out, "\n")
}

// Cells is how many columns of a terminal the text takes: combining marks and colours take none,
// ideographs and most emoji two.
func Cells(text string) int {
	n, escape := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escape = true
		case escape: // as in "\x1b[31m": ends with a letter
			escape = !unicode.IsLetter(r)
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana,
			unicode.Katakana) || r >= 0x1F300 && r <= 0x1FAFF || r >= 0xFF01 && r <= 0xFF60:
			n += 2
		default:
			n++
		}
	}
	return n
}
