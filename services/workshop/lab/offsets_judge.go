package lab

import (
	"context"
	"slices"
	"strings"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// judgeOffsets counts what each of the two boards has shown in each of its lives, and where it began.
func judgeOffsets(ctx context.Context, m *match.Match, early, late *reader, ends []int64) ([]report.Part, error) {
	goals, err := m.Goals(ctx)
	if err != nil {
		return nil, err
	}
	var matches [][]match.Goal
	for i, end := range ends {
		begin := int64(0)
		if i > 0 {
			begin = ends[i-1]
		}
		matches = append(matches, slices.DeleteFunc(slices.Clone(goals), func(g match.Goal) bool { return g.Offset < begin || g.Offset >= end }))
	}
	var parts []report.Part
	for _, c := range []struct {
		title  service.Text
		reader *reader
		life   int
		goals  []match.Goal
		begins int64
	}{
		{offsetsText("title-new-earliest"), early, 0, append(slices.Clone(matches[0]), matches[1]...), 0},
		{offsetsText("title-new-latest"), late, 0, append(slices.Clone(matches[0]), matches[1]...), ends[0]},
		{offsetsText("title-back-latest"), early, 1, matches[2], ends[1]},
		{offsetsText("title-back-earliest"), late, 1, matches[2], ends[1]},
	} {
		first, _, _, err := c.reader.lives[c.life].offsets()
		if err != nil {
			return nil, err
		}
		part := partOfLife(c.goals, c.reader.Lives[c.life].Lines())
		part.Title = c.title
		part.Facts = []report.Fact{{
			Text: offsetsText("first-asked", first), Held: first == c.begins,
		}}
		parts = append(parts, part)
	}
	parts[1].Pending = true // it is there, for others
	for _, g := range matches[0] {
		parts[1].Want.Lost = append(parts[1].Want.Lost, g.Number)
	}
	return parts, nil
}

// partOfLife counts the goals that one life was to show. Those of other matches have the same scores: the
// board says which match follows.
func partOfLife(goals []match.Goal, lines []rig.Line) report.Part {
	run := verdict.Run{Log: []verdict.Record{}, Reads: []verdict.Read{}}
	streams := map[string]bool{}
	known := map[verdict.Message]match.Score{}
	for _, g := range goals {
		run.Log = append(run.Log, g.Record)
		streams[g.Stream] = true
		known[g.Message] = g.Score
	}
	part := report.Part{}
	stream := ""
	for _, l := range lines {
		if id, ok := matchOf(l.Text); ok {
			stream = id
		}
		s, ok := match.ParseScore(l.Text)
		if !ok {
			continue
		}
		message := verdict.Message{Stream: stream, Number: s.ID()}
		if streams[stream] && known[message] != s {
			part.Strange = append(part.Strange, s.String())
			continue
		}
		run.Reads = append(run.Reads, verdict.Read{Message: message})
	}
	part.Counted = verdict.Check(run)
	return part
}

// matchOf reads the line that begins a match on a board, in either language.
func matchOf(line string) (id string, ok bool) {
	for _, word := range []string{"partida ", "match "} {
		if id, ok = strings.CutPrefix(line, word); ok && len(strings.Fields(id)) == 1 {
			return id, true
		}
	}
	return "", false
}
