package lab

import (
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/rig"
)

// twoMatches are two goals each of two matches with the same scores.
func twoMatches() []match.Goal {
	var goals []match.Goal
	for i, stream := range []string{"0aa1", "0bb2"} {
		for n := 1; n <= 2; n++ {
			record := verdict.Record{Message: verdict.Message{Stream: stream, Number: n}, Offset: int64(3*i + n - 1)}
			goals = append(goals, match.Goal{Record: record, Score: match.Score{TeamA: n}})
		}
	}
	return goals
}

func TestPartOfLife(t *testing.T) {
	const first, second = "partida 0aa1\nTeamA      TeamB\n1 - 0\n2 - 0\nPartida " +
		"finalizada!\n", "partida 0bb2\nTeamA      TeamB\n1 - 0\n2 - 0\n"
	for _, c := range []struct {
		name, lines string
		goals       []match.Goal
		want        []string
	}{
		{"both", first + second, twoMatches(), nil},
		{"both, in English", strings.ReplaceAll(first+second, "partida", "match"), twoMatches(), nil},
		{"the second alone", second, twoMatches(), []string{"lost: ids 1, 2 instead of none"}},
		{"the second, as it was to be", second, twoMatches()[2:], nil},
		{"the first too, where it should not", first + second, twoMatches()[2:], []string{"ghosts: ids 1, 2 instead of none"}},
		{"the first instead", first, twoMatches()[2:], []string{"lost: ids 1, 2 instead of none", "ghosts: ids 1, 2 instead of none"}},
		{"one again", first + second + "2 - 0\n", twoMatches(), []string{"repeated: id 2 instead of none", "out of order: id 2 instead of none"}},
		{"a score that is none", first + "0 - 2\n", twoMatches()[:2], []string{"a score that no event explains: 0 - 2"}},
		{"nothing", "", twoMatches()[2:], []string{"lost: ids 1, 2 instead of none"}},
	} {
		var lines []rig.Line
		for text := range strings.Lines(c.lines) {
			lines = append(lines, rig.Line{Text: strings.TrimSuffix(text, "\n")})
		}
		var got []string
		for _, m := range partOfLife(c.goals, lines).Misses() {
			got = append(got, m.In(service.English))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
