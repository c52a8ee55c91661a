// Package drill is the emergencies of a cluster, rehearsed. Each states a prediction, strikes the
// brokers of a running cluster while programs produce, consume and play a match, proves that the blow
// has landed, puts right what it broke, counts what came of the messages, and says whether the
// prediction held.
//
// A drill is a short function that strikes a [Stage]; what all of them share, the programs, the
// time line, the counting, is the stage's. Nothing is taken from what a program says of itself: the
// cluster's state is its metadata, an acknowledgement is a line that the producer wrote when it came,
// and in the end the topics are read.
package drill

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"sync"
	"time"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Drill is one emergency.
type Drill struct {
	Name         string
	report.Words // its Will: what is struck, how it is shown, what is predicted

	Times    int  // how often it strikes, where the user has no wish; 0: what it does, it does once
	Embedded bool // the embedded cluster will do: no broker is struck
	Answered bool // every send is predicted to have an answer in the end: refused, or acknowledged

	run func(ctx context.Context, s *Stage) error
}

//go:embed *.toml
var files embed.FS

// All is every drill, the usual emergencies first.
func All() []Drill { return slices.Clone(all()) }

var all = sync.OnceValue(func() []Drill {
	drills := []Drill{
		killLeader, killController, killCoordinator, twoBrokersDown, zooKeeperDown, pauseBroker, rollingRestart, wholeCluster, consumerStorm,
	}
	for i := range drills {
		drills[i].Words = report.MustWords(files, drills[i].Name)
	}
	return drills
})

// Names are those of All.
func Names() []string {
	var names []string
	for _, d := range all() {
		names = append(names, d.Name)
	}
	return names
}

// Find returns the drill with a name.
func Find(name string) (Drill, bool) {
	for _, d := range all() {
		if d.Name == name {
			return d, true
		}
	}
	return Drill{}, false
}

// Options are what a user may wish for a drill.
type Options struct {
	rig.Options      // Pace is the time between transactions; negative: pace
	Times       int  // 0: the drill's own
	Force       bool // also on a cluster that is not whole: what is down is started first

	control *Control // what is set wrong on purpose; nil except in a control
}

// The limits that the drills predict for the time without an acknowledgement.
const (
	// session is zookeeper.session.timeout.ms (compose/broker.env): until its end nobody misses a dead broker.
	session = 6 * time.Second
	// afterDeath is for a leader that died: its session ends, another is chosen, clients find it.
	afterDeath = session + 10*time.Second
	// afterFreeze is for a leader that hangs. Its connections stand, so that a client that waits for an answer goes
	// on to wait (Net.ReadTimeout, 15 s) after another was chosen; and then it may be the frozen one that it asks
	// who that is, 5 s each time.
	afterFreeze = 15*time.Second + 20*time.Second
	// afterStop is for one that hands over what it leads, and for what should not be noticed at all.
	afterStop = 5 * time.Second
)

const (
	pace    = 2 * time.Millisecond // between transactions
	goalGap = 200 * time.Millisecond
	// calm is how long things run undisturbed before the first blow and after the last.
	calm = 3 * time.Second
)

// Run carries out a drill. Whatever it broke it puts right, also when ctx ends in its middle. An error
// says that there is no verdict, and why: a *rig.NotRun where nothing was struck, or where a blow did
// not land; a *rig.NotMended where something is still broken.
func Run(ctx context.Context, d Drill, o Options) (Result, error) {
	if o.Pace < 0 {
		o.Pace = pace
	}
	if o.Times == 0 {
		o.Times = d.Times
	}
	running, over := context.WithCancel(ctx)
	defer over()
	s, err := open(running, d, o)
	if err != nil {
		return Result{}, err
	}
	r, err := s.play(running, d)
	over() // first, or what ends would be started again
	s.dismiss()
	s.bench.Close()
	if left := s.bench.Brokers.Left(); left != nil {
		return Result{}, left
	}
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	return r, err
}

// play is the drill from its first line to its verdict.
func (s *Stage) play(ctx context.Context, d Drill) (Result, error) {
	if err := s.begin(ctx); err != nil {
		return Result{}, err
	}
	began := time.Now()
	if err := service.Sleep(ctx, calm); err != nil {
		return Result{}, err
	}
	if err := d.run(ctx, s); err != nil {
		return Result{}, err
	}
	if err := s.mend(ctx); err != nil {
		return Result{}, err
	}
	if err := service.Sleep(ctx, calm); err != nil {
		return Result{}, err
	}
	if err := s.end(ctx); err != nil {
		return Result{}, err
	}
	return s.judge(ctx, d, began)
}

// Introduce says what will happen.
func (d Drill) Introduce(lang service.Lang, where string) []string {
	lines := []string{fmt.Sprintf(service.Text{PT: "simulado %s (%s)", EN: "drill %s (%s)"}.In(lang), d.Name, where)}
	for i, line := range d.Will {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, line.In(lang)))
	}
	return lines
}
