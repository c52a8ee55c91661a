package student

import (
	"fmt"
	"slices"

	"workshop.example/kit/event"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/match"
	"workshop.example/workshop/report"
)

// judge compares the topic with a match.
func (s *player) judge() report.Part {
	run := verdict.Run{Log: []verdict.Record{}}
	goals := s.goals()
	highest := 0
	for _, g := range goals {
		highest = max(highest, g.ID)
		message := verdict.Message{Stream: "match", Number: g.ID}
		run.Log = append(run.Log, verdict.Record{Message: message, Partition: g.partition, Offset: g.offset})
	}
	for id := range highest {
		run.Writes = append(run.Writes, verdict.Write{Message: verdict.Message{Stream: "match", Number: id + 1}, Outcome: verdict.Acknowledged})
	}
	part := report.Part{Counted: verdict.Check(run), Unread: true, Sent: highest, Acknowledged: highest, Highest: highest}
	part.Facts = []report.Fact{
		{Text: says("whole-match"), Held: s.malformed == nil && s.whole()},
		{Text: says("one-partition"), Held: len(s.partitions()) == 1},
		{Text: says("in-transactions"), Held: len(s.events) > 0 && !s.plain && !s.open},
		{Text: says("ghosts", s.every), Held: highest > 0 && slices.Equal(s.aborted(), s.ghosts(highest))},
		{Text: says("ended-well"), Held: !s.stopped && s.process.ExitCode() == 0},
	}
	if s.bench.Embedded != nil {
		part.Facts = append(part.Facts, report.Fact{Text: says("acks-all"), Held: !s.none() && !s.weak.Load()})
	}
	part.Hint = s.hint()
	return part
}

// goals are those that are committed.
func (s *player) goals() []played {
	return slices.DeleteFunc(slices.Clone(s.events), func(e played) bool { return e.aborted || e.Event != event.Goal })
}

// whole reports whether the committed events are a match from its first goal to its end, with a score that grows by one.
func (s *player) whole() bool {
	goals, finished := s.goals(), 0
	for _, e := range s.events {
		if e.Event == event.Finished && !e.aborted {
			finished++
		}
	}
	if !inOrder(goals) || finished != 1 || len(goals) == 0 {
		return false
	}
	final := last(goals).Score
	return ended(match.Score{TeamA: final.TeamA, TeamB: final.TeamB})
}

// cutShort reports whether the goals are right as far as they go, and the end of the match is missing.
func (s *player) cutShort() bool {
	return inOrder(s.goals()) && !slices.ContainsFunc(s.events, func(e played) bool { return e.Event == event.Finished })
}

// inOrder reports whether goals have the ids from 1 on, and a score that grows by one.
func inOrder(goals []played) bool {
	for i, g := range goals {
		if g.ID != i+1 || g.Score.TeamA+g.Score.TeamB != i+1 {
			return false
		}
	}
	return true
}

func (s *player) partitions() map[int32]bool {
	all := map[int32]bool{}
	for _, e := range s.events {
		all[e.partition] = true
	}
	return all
}

// aborted are the ids of the goals that are aborted, as often as they are.
func (s *player) aborted() (ids []int) {
	for _, e := range s.events {
		if e.aborted {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// ghosts are those that have to be.
func (s *player) ghosts(highest int) (ids []int) {
	for id := s.every; id <= highest; id += s.every {
		ids = append(ids, id)
	}
	return ids
}

// playerHint is what to change in a simulator.
type playerHint struct {
	when func(s *player) bool
	name string // of its words in hints.toml
}

var playerHints = []playerHint{
	{func(s *player) bool { return s.none() && !s.stopped && s.process.ExitCode() != 0 }, "simulator-error"},
	{func(s *player) bool { return s.none() }, "simulator-nothing-sent"},
	{func(s *player) bool { return s.malformed != nil }, "simulator-no-event"},
	{func(s *player) bool { return s.weak.Load() }, "simulator-acks"},
	{func(s *player) bool { return s.plain }, "simulator-no-transaction"},
	{func(s *player) bool { return len(s.partitions()) > 1 }, "simulator-split"},
	{func(s *player) bool { return s.open }, "simulator-left-open"},
	{func(s *player) bool { return s.ghostsCommitted() }, "simulator-ghosts-committed"},
	{func(s *player) bool { return s.cutShort() && !s.stopped && s.process.ExitCode() == 0 }, "simulator-not-flushed"},
	{func(s *player) bool { return !s.whole() }, "simulator-no-match"},
	{func(s *player) bool { return len(s.aborted()) == 0 }, "simulator-no-ghosts"},
	{func(s *player) bool { return !slices.Equal(s.aborted(), s.ghosts(last(s.goals()).ID)) }, "simulator-other-ghosts"},
	{func(s *player) bool { return s.stopped || s.process.ExitCode() != 0 }, "simulator-not-ended"},
}

// none reports whether nothing is on the topic.
func (s *player) none() bool { return len(s.events) == 0 && s.malformed == nil }

// ghostsCommitted reports whether each goal that was to be aborted first is there twice instead.
func (s *player) ghostsCommitted() bool {
	var ids []int
	for _, g := range s.goals() {
		ids = append(ids, g.ID)
	}
	if len(ids) == 0 || len(s.aborted()) > 0 {
		return false
	}
	highest := last(ids)
	want := s.ghosts(highest)
	for id := range highest {
		want = append(want, id+1)
	}
	slices.Sort(want)
	return slices.Equal(ids, want)
}

// hint is the first that fits; empty where none does.
func (s *player) hint() service.Text {
	for _, h := range playerHints {
		if h.when(s) {
			return fillHint(h.name, "{every}", fmt.Sprint(s.every))
		}
	}
	return service.Text{}
}
