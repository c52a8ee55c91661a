package stream

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestShow(t *testing.T) {
	for _, c := range []struct {
		bytes []byte
		want  string
	}{
		{nil, "null"},
		{[]byte{}, ""},
		{[]byte(`{"a":"ç"}`), `{"a":"ç"}`},
		{[]byte("a\nEmail sent"), `"a\nEmail sent"`}, // or a message could forge our lines
		{[]byte("\x1b[2J"), `"\x1b[2J"`},
		{[]byte("\xff\x00"), `"\xff\x00"`},
		{[]byte("\u202e"), `"\u202e"`},
	} {
		if got := Show(c.bytes); got != c.want {
			t.Errorf("Show(%q) = %q, want %q", c.bytes, got, c.want)
		}
	}
	for _, char := range []string{"x", "ç", "日", "😀"} { // cut at any place within a character
		for shift := range 4 {
			got := Show([]byte(strings.Repeat("a", shift) + strings.Repeat(char, 20_000)))
			if !utf8.ValidString(got) || strings.HasPrefix(got, `"`) || len(got) > maxShown+50 || !strings.Contains(got, "bytes)") {
				t.Errorf("%q: %d bytes, begin %q, end %q", char, len(got), got[:20], got[len(got)-20:])
			}
		}
	}
}
