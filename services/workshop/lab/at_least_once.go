package lab

import (
	"slices"
	"time"

	"workshop.example/workshop/report"
	"workshop.example/workshop/student"
)

var atLeastOnce = add(Lab{
	Name: "at-least-once",
	Pace: 100 * time.Millisecond, Student: []string{student.Scoreboard},
	ByHand:   theMatch,
	run:      crashOnce("at-least-once", report.Prediction{Repeated: []int{failAt}}),
	Controls: []Control{neverCommits},
})

var neverCommits = Control{
	Name:    "never-commit",
	pace:    20 * time.Millisecond,
	instead: broken("never-commit"),
	caught: func(parts []report.Part) bool {
		return slices.Equal(report.Numbers(parts[0].Counted.Repeated), []int{1, 2, 3, 4, 5})
	},
}
