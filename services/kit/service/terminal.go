package service

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// IsTerminal reports whether what is written to w appears on a terminal. A writer that is no file may
// answer for itself, with a method IsTerminal. Another character device counts as one.
func IsTerminal(w io.Writer) bool {
	switch w := w.(type) {
	case interface{ IsTerminal() bool }:
		return w.IsTerminal()
	case *os.File:
		info, err := w.Stat()
		return err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return false
}

// Safe returns text from outside (a message, a name, a broker's error) with escapes of Go for everything
// that could act on a terminal or forge a line: control characters, line ends, marks that reverse the
// direction of text, and bytes that are not UTF-8. Tabs stay.
func Safe(text string) string {
	if strings.IndexFunc(text, acts) < 0 { // the error rune acts, too
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80 && acts(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case acts(r) && r != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// SafeLines is [Safe] for text of several lines, whose ends stay, also those of Windows.
func SafeLines(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		end := ""
		if strings.HasSuffix(line, "\n") {
			end = "\n"
		}
		if strings.HasSuffix(line, "\r\n") {
			end = "\r\n"
		}
		lines[i] = Safe(strings.TrimSuffix(line, end)) + end
	}
	return strings.Join(lines, "")
}

// acts reports whether a terminal does something else with r than to show it.
func acts(r rune) bool {
	switch {
	case r == '\t':
		return false
	case r < 0x20, 0x7f <= r && r < 0xa0: // C0, DEL, C1: among them the escape character and the 8-bit CSI
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, 0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069: // bidi, UAX #9
		return true
	case r == 0x2028, r == 0x2029: // line and paragraph separators
		return true
	}
	return r == utf8.RuneError
}

// Guard returns a writer to w that makes each line [Safe] where it ends on a terminal, and w itself where
// it does not: in a pipe or a file bytes stay as they are. Each Write has to be one line, or its beginning;
// only a line end that is its last byte stays one.
func Guard(w io.Writer, terminal bool) io.Writer {
	if !terminal {
		return w
	}
	return guard{w}
}

type guard struct{ w io.Writer }

func (g guard) Write(p []byte) (int, error) {
	line := bytes.TrimSuffix(p, []byte("\n"))
	if _, err := io.WriteString(g.w, Safe(string(line))+string(p[len(line):])); err != nil {
		return 0, err
	}
	return len(p), nil
}
