package board

import (
	"time"

	"workshop.example/kit/event"
)

// Experiment is a lab or a drill that somebody runs on this cluster, as it tells of itself.
type Experiment struct {
	Name       string `json:"name"`
	Run        string `json:"run"`
	Prediction Text   `json:"prediction"`
	Strikes    []Text `json:"strikes"` // the last of what it has done or seen, the latest last
	Verdict    string `json:"verdict"` // held, failed or ended; empty while it runs
	Counts     Text   `json:"counts"`  // behind the verdict
	Began      int64  `json:"began"`   // milliseconds since 1970
	Told       int64  `json:"told"`    // when it has told something last, likewise
}

// Text is words for students in both languages.
type Text struct {
	PT string `json:"pt"`
	EN string `json:"en"`
}

const (
	mostStrikes = 3
	remembered  = 10 * time.Minute // after its last word: a run that was killed tells no end
)

func (e *Experiment) take(s event.ExperimentStep) {
	e.Told = s.TimestampMS
	text := Text{s.PT, s.EN}
	switch s.Step {
	case event.Predicts:
		e.Prediction = text
	case event.Strikes:
		e.Strikes = append(e.Strikes, text)
		e.Strikes = e.Strikes[max(0, len(e.Strikes)-mostStrikes):]
	default:
		e.Verdict, e.Counts = s.Step, text
	}
}
