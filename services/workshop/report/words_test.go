package report

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestWordsThatAreMissingAreNamed(t *testing.T) {
	const whole = "[pt]\nsummary = 'a'\nwill = ['b', 'c', 'd']\nwhy = \"\"\"\ne\n f\"\"\"\n" +
		"[en]\nsummary = 'a'\nwill = ['b', 'c', 'd']\nwhy = 'e'\n" +
		"[controls.x.pt]\nswap = 'g'\nwant = 'h'\n[controls.x.en]\nswap = 'g'\nwant = 'h'\n"
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"why = 'e'\n", "", "l.toml: no why in en"},
		{"'d'", "' '", "l.toml: no will[2] in pt"},
		{", 'd'", "", "l.toml: will is 2 texts in pt and 3 in en, want 3"},
		{"want = 'h'\n", "", "l.toml: no x.want in pt"},
		{"[pt]", "[[ask]]\npart = 0\ncount = 'x'\npt = 'q'\n[pt]",
			`l.toml: ask[0]: part 0, count "x"; accepted: 1 and more, ` + strings.Join(Counts, ", ") + "\n" +
				"l.toml: no ask[0] in en"},
		{"summary", "sumary", "l.toml: unknown key pt.sumary\nl.toml: no summary in pt"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		w, err := ReadWords(fstest.MapFS{"l.toml": {Data: []byte(text)}}, "l")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q for %q: got error %q, want %q", c.to, c.from, got, c.want)
		}
		if err == nil && w.Why.PT != "e f" {
			t.Errorf("got %q, want line breaks to be spaces", w.Why.PT)
		}
	}
}
