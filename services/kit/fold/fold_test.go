package fold

import (
	"bytes"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name, text  string
		width, hang int
		want        string
	}{
		{"short", "a b", 10, 2, "a b"},
		{"exactly as wide", "abc defg", 8, 0, "abc defg"},
		{"one more", "abc defgh", 8, 0, "abc\ndefgh"},
		{"hanging", "  ✓ one two three", 11, 4, "  ✓ one two\n    three"},
		{"accents count once", "ação ção", 8, 0, "ação ção"},
		{"combining marks count nothing", "ac\u0327a\u0303o ab", 7, 0, "ac\u0327a\u0303o ab"},
		{"ideographs count twice", "日本 日本", 8, 0, "日本\n日本"},
		{"colours count nothing", "\x1b[31m1✗\x1b[0m 2", 4, 0, "\x1b[31m1✗\x1b[0m 2"},
		{"two blanks stay", "a  b  c", 4, 0, "a  b\nc"},
		{"a word that does not fit stays whole", "a abcdefghij b", 5, 1, "a\n abcdefghij\n b"},
		{"no width", "a b c", 0, 0, "a b c"},
		{"nothing", "", 5, 2, ""},
	} {
		if got := strings.Join(Line(c.text, c.width, c.hang), "\n"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestProse(t *testing.T) {
	const text = "One sentence that the\nsource breaks. Two.\n\n  command --flag\n\nThe end."
	for width, want := range map[int]string{
		60: "One sentence that the source breaks. Two.\n\n  command --flag\n\nThe end.",
		22: "One sentence that the\nsource breaks. Two.\n\n  command --flag\n\nThe end.",
	} {
		if got := Prose(text, width); got != want {
			t.Errorf("%d: got %q, want %q", width, got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		name, line string
		width      int
		want       string
	}{
		{"fits", "  run a   a remark", 20, "  run a   a remark"},
		{"a remark goes below", "  run a   a remark", 17, "  run a\n      a remark"},
		{"a command goes on", "  run --flag value more", 20, "  run --flag value \\\n      more"},
		{"quotes stay whole", "  run -r 'a b c d' | x", 18, "  run -r \\\n      'a b c d' \\\n      | x"},
	} {
		got := Command(c.line, c.width)
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got %q, want %q", c.name, strings.Join(got, "\n"), c.want)
		}
	}
}

func TestColumns(t *testing.T) {
	var pipe bytes.Buffer
	for _, c := range []struct {
		columns     string
		want, width int
	}{
		{"", 0, Default}, {"80", 80, 80}, {"0", 0, Default}, {"wide", 0, Default}, {"-3", 0, Default}, {"10", narrowest, narrowest},
	} {
		lookup := func(name string) (string, bool) { return c.columns, name == "COLUMNS" && c.columns != "" }
		if got := Columns(&pipe, lookup); got != c.want {
			t.Errorf("COLUMNS=%q: columns %d, want %d", c.columns, got, c.want)
		}
		if got := Width(&pipe, lookup); got != c.width {
			t.Errorf("COLUMNS=%q: width %d, want %d", c.columns, got, c.width)
		}
	}
}
