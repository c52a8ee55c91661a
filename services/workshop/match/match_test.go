package match

import "testing"

func TestParseScore(t *testing.T) {
	for _, c := range []struct {
		line string
		want Score
		ok   bool
	}{
		{"1 - 0", Score{TeamA: 1}, true},
		{"           12 - 13", Score{TeamA: 12, TeamB: 13}, true},
		{"0 - 1 \t", Score{TeamB: 1}, true},
		{"0 - 1\r", Score{TeamB: 1}, true},
		{"", Score{}, false},
		{"1 - ", Score{}, false},
		{"1 -  0", Score{}, false},
		{"1-0", Score{}, false},
		{"01 - 0", Score{}, false},
		{"-1 - 0", Score{TeamA: -1}, true}, // no event explains it: it comes out as strange
		{"1 - 0!", Score{}, false},
		{"placar: 1 - 0", Score{}, false},
		{"1 - 0 - 0", Score{}, false},
		{"contagem própria: 3 a 2, igual ao placar anunciado", Score{}, false},
		{"99999999999999999999 - 1", Score{}, false},
	} {
		if got, ok := ParseScore(c.line); got != c.want || ok != c.ok {
			t.Errorf("%q: got %v, %v, want %v, %v", c.line, got, ok, c.want, c.ok)
		}
	}
}
