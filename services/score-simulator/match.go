package scoresimulator

import (
	"math/rand/v2"

	"workshop.example/kit/event"
)

// A match ends as soon as the team that scores has at least target goals and leads by lead.
const (
	target = 25
	lead   = 2
)

// match plays itself, one event a call. It reads no clock: timestamps are the caller's.
type match struct {
	id    string
	rng   *rand.Rand
	last  event.ScoreEvent
	ended bool
}

func newMatch(id string, rng *rand.Rand) *match { return &match{id: id, rng: rng} }

// next is the next goal or, after the deciding one, the finished event with an id of its own, the
// last team and the final score; after that ok is false.
func (m *match) next() (e event.ScoreEvent, ok bool) {
	if m.ended {
		return event.ScoreEvent{}, false
	}
	e = m.last
	e.ID++
	e.Match = m.id
	e.Period = 1
	if m.decided() {
		e.Event = event.Finished
		m.ended = true
	} else {
		e.Event = event.Goal
		if m.rng.IntN(2) == 0 {
			e.Team = event.TeamA
			e.Score.TeamA++
		} else {
			e.Team = event.TeamB
			e.Score.TeamB++
		}
	}
	m.last = e
	return e, true
}

// decided reports whether the last goal has won the match.
func (m *match) decided() bool {
	own, other := m.last.Score.TeamA, m.last.Score.TeamB
	if m.last.Team == event.TeamB {
		own, other = other, own
	}
	return own >= target && own-other >= lead
}
