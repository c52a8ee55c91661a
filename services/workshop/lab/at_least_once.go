package lab

import "time"

var atLeastOnce = Lab{
	Name: "at-least-once",
	Pace: 100 * time.Millisecond, Student: true,
	ByHand: theMatch,
	run:    crashOnce("at-least-once", Prediction{Repeated: []int{FailAt}}),
}
