package service

import (
	"bytes"
	"io"
	"os"
	"testing"
)

func TestSafe(t *testing.T) {
	for _, r := range []struct{ name, text, want string }{
		{"plain text", "joão\t20 € 😀 \\n", "joão\t20 € 😀 \\n"},
		{"clears the screen", "\x1b[2Jgone", `\x1b[2Jgone`},
		{"renames the window", "\x1b]0;you\a", `\x1b]0;you\x07`},
		{"forges a line", "paid\ntransactions deleted\r\n", `paid\ntransactions deleted\r\n`},
		{"8-bit control sequence", "\u009b2J", `\u009b2J`},
		{"the same as a byte", "\x9b2J", `\x9b2J`},
		{"delete and backspace", "\x7f\b", `\x7f\x08`},
		{"reverses the text", "\u202egpj.exe\u2066", `\u202egpj.exe\u2066`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"cut in a rune", "caf\xc3", `caf\xc3`},
		{"a replacement character that was sent as one", "\ufffd", "\ufffd"},
		{"empty", "", ""},
	} {
		if got := Safe(r.text); got != r.want {
			t.Errorf("%s: %q, want %q", r.name, got, r.want)
		}
	}
}

func TestGuardKeepsBytesInAPipe(t *testing.T) {
	const line = "a\x1b[2J\nb\xff\n\n" // a field that ends with a line end, and ours
	for _, r := range []struct {
		terminal bool
		want     string
	}{{true, `a\x1b[2J\nb\xff\n` + "\n"}, {false, line}} {
		var out bytes.Buffer
		if n, err := io.WriteString(Guard(&out, r.terminal), line); n != len(line) || err != nil {
			t.Errorf("%d bytes and %v, want %d", n, err, len(line))
		}
		if out.String() != r.want {
			t.Errorf("terminal %t: %q, want %q", r.terminal, out.String(), r.want)
		}
	}
}

// screenOf is a terminal for a test.
type screenOf struct{ bytes.Buffer }

func (*screenOf) IsTerminal() bool { return true }

func TestLinesOnATerminal(t *testing.T) {
	var screen screenOf
	lines := NewLines(&screen)
	lines.Print("match ", "\x1b[2J")
	io.WriteString(lines, "{\"a\":\"\u009b2J\"}\n")
	if err := lines.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := screen.String(), `match \x1b[2J`+"\n"+`{"a":"\u009b2J"}`+"\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAPipeIsNoTerminal(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if IsTerminal(w) || IsTerminal(&bytes.Buffer{}) {
		t.Error("a pipe, or memory, counts as a terminal")
	}
	if !IsTerminal(&screenOf{}) {
		t.Error("a writer that says so is no terminal")
	}
}
