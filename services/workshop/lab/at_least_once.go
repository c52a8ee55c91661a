package lab

import (
	"time"

	"workshop.example/workshop/report"
)

var atLeastOnce = Lab{
	Name: "at-least-once",
	Pace: 100 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    crashOnce("at-least-once", report.Prediction{Repeated: []int{failAt}}),
}
