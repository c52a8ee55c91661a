package event

import (
	"strings"
	"testing"
)

func TestDecodeScoreEventRefuses(t *testing.T) {
	message := mustReadGolden(t, "score_goal_python.json")
	for _, e := range []edit{
		{`"id": 1, `, ``, ReasonMissingField, "id"},
		{`"id"`, `"ID"`, ReasonMissingField, "id"},
		{`"event"`, `"Event"`, ReasonMissingField, "event"},
		{`"team"`, `"time"`, ReasonMissingField, "team"},
		{`"period"`, `"Period"`, ReasonMissingField, "period"},
		{`"score"`, `"SCORE"`, ReasonMissingField, "score"},
		{`"TeamA": 1, `, ``, ReasonMissingField, "score.TeamA"},
		{`"TeamB": 0`, `"teamb": 0`, ReasonMissingField, "score.TeamB"},
		{`"timestamp"`, `"time"`, ReasonMissingField, "timestamp"},
		{`"id": 1`, `"id": "1"`, ReasonWrongType, "id"},
		{`"id": 1`, `"id": 1.0`, ReasonWrongType, "id"},
		{`"id": 1`, `"id": 1e0`, ReasonWrongType, "id"},
		{`"id": 1`, `"id": null`, ReasonWrongType, "id"},
		{`"id": 1`, `"id": true`, ReasonWrongType, "id"},
		{`"goal"`, `["goal"]`, ReasonWrongType, "event"},
		{`"goal"`, `null`, ReasonWrongType, "event"},
		{`"TeamA", `, `1, `, ReasonWrongType, "team"},
		{`"period": 1`, `"period": false`, ReasonWrongType, "period"},
		{`{"TeamA": 1, "TeamB": 0}`, `"1 - 0"`, ReasonWrongType, "score"},
		{`{"TeamA": 1, "TeamB": 0}`, `[1, 0]`, ReasonWrongType, "score"},
		{`{"TeamA": 1, "TeamB": 0}`, `null`, ReasonWrongType, "score"},
		{`"TeamB": 0`, `"TeamB": 0.5`, ReasonWrongType, "score.TeamB"},
		{`1752400000.123`, `"2025-07-13"`, ReasonWrongType, "timestamp"},
		{`1752400000.123`, `null`, ReasonWrongType, "timestamp"},
		{`1752400000.123`, `1, "match": 7`, ReasonWrongType, "match"},
		{`"id": 1`, `"id": 0`, ReasonInvalidValue, "id"},
		{`"id": 1`, `"id": -1`, ReasonInvalidValue, "id"},
		{`"id": 1`, `"id": 9223372036854775808`, ReasonInvalidValue, "id"},
		{`"id": 1`, `"id": ` + strings.Repeat("9", 1<<20), ReasonInvalidValue, "id"},
		{`"goal"`, `"GOAL"`, ReasonInvalidValue, "event"},
		{`"goal"`, `""`, ReasonInvalidValue, "event"},
		{`"TeamA", `, `"TeamC", `, ReasonInvalidValue, "team"},
		{`"TeamA": 1`, `"TeamA": -1`, ReasonInvalidValue, "score.TeamA"},
		{`"TeamB": 0`, `"TeamB": -1`, ReasonInvalidValue, "score.TeamB"},
		{`1752400000.123`, `1e999`, ReasonInvalidValue, "timestamp"},
		{`}, `, `}], `, ReasonNotJSON, ""},
	} {
		got, err := DecodeScoreEvent(e.value(t, message))
		name := e.old + " to " + e.new[:min(len(e.new), 40)]
		checkMalformed(t, name, err, e.reason, e.field)
		if got != (ScoreEvent{}) {
			t.Errorf("%s: got %+v, want a zero event beside the error", name, got)
		}
	}
}

func TestDecodeScoreEventAccepts(t *testing.T) {
	message := mustReadGolden(t, "score_goal_python.json")
	with := func(change func(*ScoreEvent)) ScoreEvent {
		e := goal
		change(&e)
		return e
	}
	for _, c := range []struct {
		old, new string
		want     ScoreEvent
	}{
		{``, ``, goal},
		{`"id"`, `"ID": 9, "id"`, goal},
		{`"id"`, `"\u0069d"`, goal},
		{`"id"`, `"id": 9, "id"`, goal},
		{`{"id"`, ` { "new": {"id": [null]}, "id"`, goal},
		{`.123`, `.123, "match": null`, goal},
		{`.123`, `.123, "match": ""`, goal},
		{`.123`, `.123, "match": "m\u00e3"`, with(func(e *ScoreEvent) { e.Match = "mã" })},
		{`1752400000.123`, `1752400000`, with(func(e *ScoreEvent) { e.Timestamp = 1752400000 })},
		{`1752400000.123`, `1.7524e9`, with(func(e *ScoreEvent) { e.Timestamp = 1752400000 })},
		{`"period": 1`, `"period": 4`, with(func(e *ScoreEvent) { e.Period = 4 })},
	} {
		got, err := DecodeScoreEvent(edit{old: c.old, new: c.new}.value(t, message))
		if err != nil || got != c.want {
			t.Errorf("%s to %s: got %+v, %v, want %+v", c.old, c.new, got, err, c.want)
		}
	}
}

func FuzzDecodeScoreEvent(f *testing.F) {
	for _, c := range unreadable {
		if len(c.value) < 1<<10 {
			f.Add(c.value)
		}
	}
	f.Add(mustReadGolden(f, "score_goal_python.json"))
	f.Add(mustReadGolden(f, "score_finished.json"))
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := DecodeScoreEvent(value)
		if err != nil {
			checkMalformed(t, "decode", err, err.(*Malformed).Reason, "")
			return
		}
		again, err := DecodeScoreEvent(mustMarshal(t, e))
		if err != nil || again != e {
			t.Errorf("got %+v, %v from the encoded event, want %+v", again, err, e)
		}
	})
}

func BenchmarkDecodeScoreEvent(b *testing.B) {
	value := mustMarshal(b, goal)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeScoreEvent(value); err != nil {
			b.Fatal(err)
		}
	}
}
