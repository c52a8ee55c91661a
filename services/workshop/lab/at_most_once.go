package lab

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/workshop/report"
	"workshop.example/workshop/student"
)

// failAt is the event at which LabScore breaks its boards.
const failAt = 5

var _ = add(Lab{
	Name: "at-most-once",
	Pace: 100 * time.Millisecond, Student: []string{student.Scoreboard},
	ByHand:   theMatch,
	run:      crashOnce("at-most-once", report.Prediction{Lost: []int{failAt}}),
	Controls: []Control{unconfirmedCommit},
})

var unconfirmedCommit = Control{
	Name:     "unconfirmed-commit",
	Embedded: true, pace: 20 * time.Millisecond,
	instead: broken("unconfirmed-commit"),
	// As many as there are until the crash at id 5.
	fault: func() kfake.Fault {
		return kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.NotCoordinator, Count: failAt}
	},
	caught: func(parts []report.Part) bool {
		return slices.Equal(report.Numbers(parts[0].Counted.Repeated), []int{1, 2, 3, 4})
	},
}
