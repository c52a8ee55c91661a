package lab

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/rig"
)

// sixGoals are those of a match, all TeamA's, on the partitions that are named.
func sixGoals(partitions ...int32) []match.Goal {
	var goals []match.Goal
	for i, p := range partitions {
		offset := int64(0)
		for _, g := range goals {
			if g.Partition == p {
				offset++
			}
		}
		record := verdict.Record{Message: verdict.Message{Stream: "m", Number: i + 1}, Partition: p, Offset: offset}
		goals = append(goals, match.Goal{Record: record, Score: match.Score{TeamA: i + 1}})
	}
	return goals
}

func onScreen(ids ...int) []match.Score {
	var scores []match.Score
	for _, id := range ids {
		scores = append(scores, match.Score{TeamA: id, Session: "board#1"})
	}
	return scores
}

func TestOrderJudge(t *testing.T) {
	scattered, keyed := ways[0], ways[2]
	for _, c := range []struct {
		name  string
		way   way
		goals []match.Goal
		shown []match.Score
		want  []string // how the verdict is red; none: it is not
	}{
		{"keyed, in order", keyed, sixGoals(1, 1, 1, 1, 1, 1), onScreen(1, 2, 3, 4, 5, 6), nil},
		{"keyed, and it jumps", keyed, sixGoals(1, 1, 1, 1, 1, 1), onScreen(1, 2, 4, 3, 5, 6), []string{
			"out of order: id 3 instead of none", "did not hold: goals on each partition: 0, 6, 0; in the order of each, nothing out of place",
		}},
		{
			"keyed, and on two partitions",
			keyed,
			sixGoals(1, 1, 1, 1, 1, 0),
			onScreen(1, 2, 3, 4, 5, 6),
			[]string{"did not hold: the whole match is on a single partition"},
		},
		{"scattered", scattered, sixGoals(0, 1, 0, 1, 2, 2), onScreen(1, 2, 5, 6, 3, 4), nil},
		{"scattered, and one is lost", scattered, sixGoals(0, 1, 0, 1, 2, 2), onScreen(1, 2, 5, 6, 3), []string{"lost: id 4 instead of none"}},
		{"scattered, and one comes twice", scattered, sixGoals(0, 1, 0, 1, 2, 2), onScreen(1, 2, 5, 6, 6, 3, 4), []string{
			"repeated: id 6 instead of none", "out of order: ids 3, 6 instead of id 3",
			"did not hold: goals on each partition: 2, 2, 2; in the order of each, nothing out of place",
		}},
		{"scattered, and one partition is out of order", scattered, sixGoals(0, 1, 0, 1, 2, 2), onScreen(1, 2, 6, 5, 3, 4), []string{
			"did not hold: goals on each partition: 2, 2, 2; in the order of each, nothing out of place",
		}},
		{
			"a score that is none",
			scattered,
			sixGoals(0, 1, 0, 1, 2, 2),
			onScreen(1, 2, 5, 6, 3, 4, 7),
			[]string{"a score that no event explains: 7 - 0"},
		},
	} {
		part, err := judgeOrder(c.way, c.goals, c.shown)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		var got []string
		for _, m := range part.Misses() {
			got = append(got, m.In(service.English))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Where the score has not jumped there is nothing to mend.
func TestOrderNeedsAJump(t *testing.T) {
	_, err := judgeOrder(ways[0], sixGoals(0, 1, 0, 1, 2, 2), onScreen(1, 2, 3, 4, 5, 6))
	if notRun, ok := errors.AsType[*rig.NotRun](err); !ok || !strings.Contains(notRun.Cause, "did not jump back") {
		t.Errorf("ended with %v", err)
	}
}
