// Package lab is the experiments of the course. Each states a prediction, runs the real programs on a
// cluster, breaks something on purpose, counts what came of it, and says whether the prediction held.
//
// A lab is one file: what it starts, what it breaks, what it predicts. It counts what can be seen from
// outside, lines from the programs' pipes and records in the topics; a flag or a counter inside a
// program is no evidence. A fault that cannot be shown to have struck proves nothing either: then the
// lab could not run, whatever the counts are.
package lab

import (
	"context"
	"embed"
	"time"

	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

//go:embed *.toml
var files embed.FS

// Lab is one experiment.
type Lab struct {
	Name string

	Pace    time.Duration // between goals, where the user has no wish
	Student []string      // the programs in whose place it takes the student's own
	Killer  bool          // kills brokers: needs real ones, on this machine
	Kafka4  bool          // needs Kafka 4.2 or newer, or the embedded cluster

	ByHand experiment.ByHand // what its page works with beside the run

	Controls []Control // mistakes that it must catch

	run func(ctx context.Context, b *rig.Bench) ([]report.Part, error)
}

// theMatch is what is worked with where a match is looked at by hand, in Python too.
var theMatch = experiment.ByHand{Topics: []string{"scoreGame", "scoreBoard"}, Groups: []string{"group1"}}

// Labs is every lab.
var Labs = experiment.NewRegistry(files)

// defined are the labs as their files define them: tests change some.
var defined []Lab

// add registers a lab: each file does it for its own.
func add(l Lab) Lab {
	spec := experiment.Spec{
		Name: l.Name, Student: l.Student, Brokers: l.Killer, Kafka4: l.Kafka4, ByHand: l.ByHand,
		Run: func(ctx context.Context, o experiment.Options) (experiment.Outcome, error) {
			return Run(ctx, l, o.Options)
		},
	}
	for _, c := range l.Controls {
		spec.Controls = append(spec.Controls, experiment.Control{
			Name: c.Name, Brokers: c.Brokers, Embedded: c.Embedded,
			Check: func(ctx context.Context, o experiment.Options) (experiment.Outcome, bool, error) {
				return c.check(ctx, l, o.Options)
			},
		})
	}
	Labs.Add(spec)
	defined = append(defined, l)
	return l
}
