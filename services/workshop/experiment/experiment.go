// Package experiment has what labs and drills share: what describes one, the registry of all, the outcome, and the controls.
//
// An experiment states a prediction, runs the real programs on a cluster, breaks something on purpose, counts what can be seen
// from outside, and says whether the prediction held. Each has controls: a check that was never seen to fail proves nothing.
package experiment

import (
	"context"
	"io"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Spec describes an experiment. Its words and its place are those of the file NAME.toml beside its code.
type Spec struct {
	Name string
	report.Words

	Brokers  bool     // it strikes brokers: needs real ones, on this machine
	Kafka4   bool     // it needs Kafka 4.2 or newer, or the embedded cluster
	Student  []string // the programs in whose place it takes the student's own, such as scoreboard
	Times    int      // how often it strikes, where the user has no wish; 0: what it does, it does once
	ByHand   ByHand
	Controls []Control

	// Run carries the experiment out and leaves nothing behind, also when ctx ends in its middle. An error says that there is no
	// verdict, and why: a *rig.NotRun where something that it needs is missing or its fault did not strike, a *rig.NotMended where
	// something is still broken.
	Run func(ctx context.Context, o Options) (Outcome, error)
}

// ByHand names the topics and groups that a page works with beside the run: a student may have left them anyhow. Topics of
// the workshop's own stand without their dead letters, which go with them.
type ByHand struct{ Topics, Groups []string }

// Options are what a user may wish for a run.
type Options struct {
	rig.Options
	Times int  // how often it strikes; 0: as often as the experiment says
	Force bool // also on a cluster that is not whole: what is down is started first
}

// Outcome is the verdict of a run: a [report.Result], or a drill's.
type Outcome interface {
	// Held reports whether everything came out as predicted.
	Held() bool
	// Lines returns the counts, a line each.
	Lines(lang service.Lang) []string
	// Print prints the verdict in lines of up to width columns, with marks in colour where colour is set.
	Print(w io.Writer, lang service.Lang, colour bool, width int)
	// Form returns the verdict for encoding/json, with its words in a language.
	Form(lang service.Lang) any
}

// Control is an experiment with a mistake put into it, that must come out red.
type Control struct {
	Name string
	Of   string // the name of the experiment, set by the registry
	report.ControlWords
	// Brokers: it needs real ones. Embedded: it needs the embedded cluster, whose faults it uses.
	Brokers, Embedded bool

	// Check carries the control out. Caught says that the mistake was seen as it must. An error says that there was no verdict,
	// which catches nothing.
	Check func(ctx context.Context, o Options) (outcome Outcome, caught bool, err error)
}
