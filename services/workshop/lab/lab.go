// Package lab is the experiments of the course. Each states a prediction, runs the real programs on a
// cluster, breaks something on purpose, counts what came of it, and says whether the prediction held.
//
// A lab is one file: what it starts, what it breaks, what it predicts. It counts what can be seen from
// outside, lines from the programs' pipes and records in the topics; a flag or a counter inside a
// program is no evidence. A fault that cannot be shown to have struck proves nothing either: then the
// lab could not run, whatever the counts are.
package lab

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

//go:embed *.toml
var files embed.FS

// Lab is one experiment.
type Lab struct {
	Name string
	report.Words

	Pace    time.Duration // between goals, where the user has no wish
	Student bool          // takes the student's own scoreboard
	Killer  bool          // kills brokers: needs real ones, on this machine

	// ByHand is what the lab's page works with beside the run: a student may have left it anyhow. Topics
	// of the workshop's own stand without their dead letters, which go with them.
	ByHand ByHand

	Controls []Control // mistakes that it must catch

	run func(ctx context.Context, b *rig.Bench) ([]report.Part, error)
}

// ByHand are the names of topics and groups.
type ByHand struct{ Topics, Groups []string }

// theMatch is what is worked with where a match is looked at by hand, in Python too.
var theMatch = ByHand{Topics: []string{"scoreGame", "scoreBoard"}, Groups: []string{"group1"}}

// labs are those of the files of this package, in no order.
var labs []*Lab

// add registers a lab: each file does it for its own.
func add(l Lab) Lab {
	labs = append(labs, &l)
	return l
}

// registered returns all labs in the order of the course, those without a page last, with the words of their files.
var registered = sync.OnceValue(func() []*Lab {
	for _, l := range labs {
		l.Words = report.MustWords(files, l.Name)
		for i := range l.Controls {
			c := &l.Controls[i]
			c.Lab, c.ControlWords = l.Name, l.Words.Controls[c.Name]
		}
	}
	slices.SortFunc(labs, func(a, b *Lab) int {
		return cmp.Or(cmp.Compare(a.unlisted(), b.unlisted()), cmp.Compare(a.Page, b.Page))
	})
	return labs
})

// unlisted is 1 for a lab without a page of its own.
func (l *Lab) unlisted() int {
	if l.Page == 0 {
		return 1
	}
	return 0
}

// All is every lab that has a page, in the order of the course.
func All() []Lab {
	var all []Lab
	for _, l := range registered() {
		if l.Page > 0 {
			all = append(all, *l)
		}
	}
	return all
}

// Find returns the lab with a name, also one without a page.
func Find(name string) (Lab, bool) {
	for _, l := range registered() {
		if l.Name == name {
			return *l, true
		}
	}
	return Lab{}, false
}

// Introduce prints what will happen, in lines of up to width columns.
func (l Lab) Introduce(w io.Writer, lang service.Lang, seed uint64, where string, width int) {
	heading := service.Text{PT: "laboratório %s (semente %d, %s)", EN: "lab %s (seed %d, %s)"}.In(lang)
	l.Words.Introduce(w, lang, fmt.Sprintf(heading, l.Name, seed, where), width)
}
