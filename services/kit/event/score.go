package event

// What a ScoreEvent tells.
const (
	Goal     = "goal"     // a team has scored
	Finished = "finished" // the match is over; team and score are those of the last goal
)

// The two teams of a match.
const (
	TeamA = "TeamA"
	TeamB = "TeamB"
)

// Score is the goals of either team since the match began.
type Score struct {
	TeamA int `json:"TeamA"`
	TeamB int `json:"TeamB"`
}

// ScoreEvent is one message of the topic scoreGame. It carries the whole score, not the change: an
// event lost or read twice is healed by the next one, and only the ids tell that it happened.
//
// json.Marshal writes it in the contract's order; it fails on a Timestamp that is not finite.
type ScoreEvent struct {
	ID        int     `json:"id"`              // 1, 2, 3... within a match; finished has its own
	Event     string  `json:"event"`           // Goal or Finished
	Team      string  `json:"team"`            // TeamA or TeamB: who scored last
	Period    int     `json:"period"`          // the original always sends 1
	Score     Score   `json:"score"`           // after this event
	Timestamp float64 `json:"timestamp"`       // seconds since 1970, with a fraction
	Match     string  `json:"match,omitempty"` // ours; the original form has none
}

// DecodeScoreEvent reads the value of a message, in our form or in the original's, which has no
// match (null and "" are taken for none). Fields that it does not know are ignored, so that a
// producer may add some. Every other value gives a *Malformed and a zero event; nil, which Kafka
// calls a tombstone, too. It keeps no reference to value.
func DecodeScoreEvent(value []byte) (ScoreEvent, error) {
	f := readFields(value)
	e := ScoreEvent{
		ID:        f.integer("id"),
		Event:     f.text("event"),
		Team:      f.text("team"),
		Period:    f.integer("period"),
		Score:     decodeScore(f, "score"),
		Timestamp: f.number("timestamp"),
	}
	if f.has("match") {
		e.Match = f.text("match")
	}
	f.check(e.ID >= 1, "id", "at least 1")
	f.check(e.Event == Goal || e.Event == Finished, "event", "goal or finished")
	f.check(e.Team == TeamA || e.Team == TeamB, "team", "TeamA or TeamB")
	if f.bad != nil {
		return ScoreEvent{}, f.bad
	}
	return e, nil
}

func decodeScore(f *fields, name string) Score {
	inner := f.object(name)
	defer f.close(inner)
	s := Score{TeamA: inner.integer("TeamA"), TeamB: inner.integer("TeamB")}
	inner.check(s.TeamA >= 0, "TeamA", "0 or more")
	inner.check(s.TeamB >= 0, "TeamB", "0 or more")
	return s
}
