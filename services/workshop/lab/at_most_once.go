package lab

import "time"

// FailAt is the event at which LabScore breaks its boards.
const FailAt = 5

var atMostOnce = Lab{
	Name: "at-most-once",
	Pace: 100 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    crashOnce("at-most-once", Prediction{Lost: []int{FailAt}}),
}
