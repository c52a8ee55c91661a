package board

import (
	"fmt"
	"strings"
	"testing"

	"workshop.example/kit/event"
)

// play takes in events, each written as MATCH:ID and a letter for what it is: a or b a goal of that team, . the end. Scores are those
// of a match in which nothing is lost. It returns the latest match in one line.
func play(t *testing.T, events string) string {
	t.Helper()
	var m Matches
	scores := map[string]event.Score{}
	offset := int64(0)
	for word := range strings.FieldsSeq(events) {
		var e event.ScoreEvent
		name, rest, _ := strings.Cut(word, ":")
		var what string
		if _, err := fmt.Sscanf(rest, "%d%s", &e.ID, &what); err != nil {
			t.Fatalf("%s: %v", word, err)
		}
		e.Match, _, _ = strings.Cut(name, "@")
		e.Event, e.Team, e.Timestamp = event.Goal, event.TeamA, float64(e.ID)
		if _, life, ok := strings.Cut(name, "@"); ok { // of the original form: another life, other times
			fmt.Sscanf(life, "%f", &e.Timestamp)
			e.Timestamp = 1000*e.Timestamp + float64(e.ID)
		}
		switch what[:1] {
		case "b":
			e.Team = event.TeamB
		case ".":
			e.Event = event.Finished
		}
		score := scores[name]
		if e.Event == event.Goal && !strings.HasSuffix(what, "!") { // !: again
			add(&score, e.Team, 1)
		}
		scores[name], e.Score = score, score
		if strings.HasSuffix(what, "?") { // never arrives
			continue
		}
		m.TakeEvent(e, event.Source{Offset: offset})
		offset++
	}
	l := m.Latest()
	if l == nil {
		return "none"
	}
	line := fmt.Sprintf("%s %d-%d tally %d-%d ids %d-%d lost %v repeated %v", l.ID, l.Score.TeamA, l.Score.TeamB, l.Tally.TeamA, l.Tally.TeamB,
		l.First, l.Last, l.Lost, l.Repeated)
	if l.Finished {
		line += " finished"
	}
	return line
}

func TestMatches(t *testing.T) {
	for _, c := range []struct{ what, events, want string }{
		{"nothing", "", "none"},
		{"a match", "m:1a m:2b m:3a m:4.", "m 2-1 tally 2-1 ids 1-4 lost [] repeated [] finished"},
		{"one is lost", "m:1a m:2a? m:3b m:4a", "m 3-1 tally 2-1 ids 1-4 lost [2] repeated []"},
		{"several are lost, and one of them comes late", "m:1a m:5a m:3a", "m 2-0 tally 3-0 ids 1-5 lost [2 4] repeated []"},
		{"repeated, one of them twice", "m:1a m:2b m:2b! m:1a! m:2b!", "m 1-1 tally 1-1 ids 1-2 lost [] repeated [1 2]"},
		{"reading began in the middle", "m:1a? m:2b? m:3a m:4a", "m 3-1 tally 3-1 ids 3-4 lost [] repeated []"},
		{"the next match has lost its beginning", "m:1a n:1a? n:2a", "n 2-0 tally 1-0 ids 1-2 lost [1] repeated []"},
		{"an old match is repeated", "m:1a m:2. n:1b m:2.!", "n 0-1 tally 0-1 ids 1-1 lost [] repeated []"},
		{"without a name: id 1 begins a match", "@1:1a @1:2a @2:1b", " 0-1 tally 0-1 ids 1-1 lost [] repeated []"},
		{"without a name: the very first event again", "@1:1a @1:2a @1:1a!", " 2-0 tally 2-0 ids 1-2 lost [] repeated [1]"},
		{"without a name: after the end", "@1:1a @1:2. @2:1b? @2:2b", " 0-2 tally 0-1 ids 1-2 lost [1] repeated []"},
	} {
		if got := play(t, c.events); got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, got, c.want)
		}
	}
}

func TestLedgerNamesSoManyIDs(t *testing.T) {
	var l Ledger
	l.take(1)
	l.take(1_000_000_000)
	if len(l.Lost) != mostIDs || l.Last != 1_000_000_000 {
		t.Errorf("%d lost ids up to %d", len(l.Lost), l.Last)
	}
}

// What a scoreboard has written belongs to the match whose events it stands for.
func TestRecordsOfAScoreboard(t *testing.T) {
	var m Matches
	record := func(id int, offset int64, tally int) {
		m.TakeRecord(event.BoardRecord{ID: id, Event: event.Goal, Tally: event.Score{TeamA: tally}, Source: event.Source{Offset: offset}})
	}
	goal := func(id int, timestamp float64, offset int64) {
		m.TakeEvent(event.ScoreEvent{ID: id, Event: event.Goal, Team: event.TeamA, Timestamp: timestamp}, event.Source{Offset: offset})
	}
	record(1, 0, 1) // of a match that is not known
	goal(1, 1, 0)
	goal(1, 100, 1) // another match without a name
	goal(2, 101, 2)
	goal(3, 102, 3)
	record(1, 0, 1) // of the first one
	if p := m.Latest().Program; p != nil {
		t.Errorf("the second match has %+v of the first", p)
	}
	record(1, 1, 1)
	record(3, 3, 2)
	record(3, 3, 3)
	p := m.Latest().Program
	if got, want := fmt.Sprintf("%+v", *p), "{Tally:{TeamA:2 TeamB:0} Ledger:{First:1 Last:3 Lost:[2] Repeated:[3]}}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
