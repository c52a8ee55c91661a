package board

import (
	"slices"
	"sync"

	"workshop.example/kit/event"
)

// Match is a match as the topic of the score has it.
//
// Each event carries the whole score, so that one which is lost or sent twice is healed by the next, and nobody sees it. The tally and
// the ledger show it: they count the events themselves.
type Match struct {
	ID       string      `json:"match"` // empty for events of the original form
	Score    event.Score `json:"score"` // as the last event announced it
	Tally    event.Score `json:"tally"` // the goals of the events that were read
	Finished bool        `json:"finished"`
	Ledger
	Program *Program `json:"program"` // nil where no scoreboard has written of this match

	from  event.Source // the first event that was read
	began float64      // timestamp of the event with id 1; 0 where reading began behind it
	ended float64      // timestamp of the last event of a match that is finished
}

// Program is what a scoreboard with DELIVERY=exactly-once has shown of a match, as its topic has it.
type Program struct {
	Tally event.Score `json:"tally"`
	Ledger
}

// mostMatches is how many matches are remembered, to tell an event of an earlier one from the beginning of the next.
const mostMatches = 20

// Matches finds the matches in events, and in what a scoreboard has written of them. Its methods are safe for concurrent use.
type Matches struct {
	mu  sync.Mutex
	all []*Match // the latest last
}

// TakeEvent takes in an event of the score's topic, and where it stands.
func (m *Matches) TakeEvent(e event.ScoreEvent, at event.Source) {
	m.mu.Lock()
	defer m.mu.Unlock()
	match := m.named(e.Match)
	if match == nil || succeeds(e, match) {
		match = m.begin(e, at)
	}
	last := match.Last
	if !match.take(e.ID) {
		return
	}
	if e.Event == event.Goal {
		add(&match.Tally, e.Team, 1)
	}
	if e.ID > last {
		match.Score = e.Score
	}
	if e.Event == event.Finished {
		match.Finished, match.ended = true, e.Timestamp
	}
}

// begin remembers a match. Where the first event of all is not the first of its match, reading began in its middle: the goals before
// are taken over from the score. Of a later match the events before it are lost.
func (m *Matches) begin(e event.ScoreEvent, at event.Source) *Match {
	match := &Match{ID: e.Match, from: at}
	switch {
	case e.ID == 1:
		match.began = e.Timestamp
	case len(m.all) == 0:
		match.Tally = before(e)
	default:
		match.expect(1)
	}
	m.all = append(m.all, match)
	m.all = m.all[max(0, len(m.all)-mostMatches):]
	return match
}

// named is the latest match with an id; nil where there is none.
func (m *Matches) named(id string) *Match {
	for _, match := range slices.Backward(m.all) {
		if match.ID == id {
			return match
		}
	}
	return nil
}

// succeeds reports whether an event belongs to a match after the latest of its name. Events of the original form name no match: there
// id 1 begins one, unless it is the very event that began the latest, and so does whatever is younger than the end of the latest.
func succeeds(e event.ScoreEvent, match *Match) bool {
	return e.Match == "" && (e.ID == 1 && e.Timestamp != match.began || match.Finished && e.Timestamp > match.ended)
}

// TakeRecord takes in what a scoreboard has written of an event. Records of matches that are not known are passed.
func (m *Matches) TakeRecord(r event.BoardRecord) {
	m.mu.Lock()
	defer m.mu.Unlock()
	match := m.named(r.Match)
	if match == nil || r.Source.Partition == match.from.Partition && r.Source.Offset < match.from.Offset {
		return
	}
	if match.Program == nil {
		match.Program = &Program{}
	}
	if match.Program.take(r.ID) {
		match.Program.Tally = r.Tally
	}
}

// forget makes the next event the first one.
func (m *Matches) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = nil
}

// Latest returns the match that began last; nil where there is none.
func (m *Matches) Latest() *Match {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.all) == 0 {
		return nil
	}
	latest := *m.all[len(m.all)-1]
	latest.Ledger = latest.Ledger.clone()
	if latest.Program != nil {
		latest.Program = &Program{Tally: latest.Program.Tally, Ledger: latest.Program.Ledger.clone()}
	}
	return &latest
}

// before is the score before an event.
func before(e event.ScoreEvent) event.Score {
	s := e.Score
	if e.Event == event.Goal {
		add(&s, e.Team, -1)
	}
	return s
}

func add(s *event.Score, team string, goals int) {
	if team == event.TeamA {
		s.TeamA += goals
	} else {
		s.TeamB += goals
	}
}
