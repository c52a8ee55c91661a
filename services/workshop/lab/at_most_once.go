package lab

import (
	"time"

	"workshop.example/workshop/report"
)

// failAt is the event at which LabScore breaks its boards.
const failAt = 5

var atMostOnce = Lab{
	Name: "at-most-once",
	Pace: 100 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    crashOnce("at-most-once", report.Prediction{Lost: []int{failAt}}),
}
