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
	"time"

	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
)

// Drill is one emergency.
type Drill struct {
	Name string

	Times    int  // how often it strikes, where the user has no wish; 0: what it does, it does once
	Embedded bool // the embedded cluster will do: no broker is struck
	Answered bool // every send is predicted to have an answer in the end: refused, or acknowledged

	Controls []Control // mistakes that it must catch

	run func(ctx context.Context, s *Stage) error
}

//go:embed *.toml
var files embed.FS

// Drills is every drill, the usual emergencies first.
var Drills = experiment.NewRegistry(files)

// says is what all drills say.
var says = report.NewTexts(func() (map[string]service.Text, error) { return report.ReadTexts(files, "says") })

// add registers a drill: each file does it for its own.
func add(d Drill) Drill {
	spec := experiment.Spec{
		Name: d.Name, Times: d.Times, Brokers: !d.Embedded,
		Run: func(ctx context.Context, o experiment.Options) (experiment.Outcome, error) {
			return run(ctx, d, o, Control{})
		},
	}
	for _, c := range d.Controls {
		spec.Controls = append(spec.Controls, experiment.Control{
			Name: c.Name, Brokers: true,
			Check: func(ctx context.Context, o experiment.Options) (experiment.Outcome, bool, error) {
				o.Times = c.times
				r, err := run(ctx, d, o, c)
				return r, err == nil && !r.Held() && c.caught(r), err
			},
		})
	}
	Drills.Add(spec)
	return d
}

// The limits that the drills predict for the time without an acknowledgement.
const (
	// session is zookeeper.session.timeout.ms, or broker.session.timeout.ms without ZooKeeper (compose/broker.env): until its end
	// nobody misses a dead broker.
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

// run carries out a drill, with a control's mistake in it where c has one. Whatever it broke it puts right, also when ctx ends in
// its middle.
func run(ctx context.Context, d Drill, o experiment.Options, c Control) (Result, error) {
	if o.Pace < 0 {
		o.Pace = pace
	}
	if o.Times == 0 {
		o.Times = d.Times
	}
	running, over := context.WithCancel(ctx)
	defer over()
	s, err := open(running, d, o, c)
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
	if err := wait.Sleep(ctx, calm); err != nil {
		return Result{}, err
	}
	if err := d.run(ctx, s); err != nil {
		return Result{}, err
	}
	if err := s.mend(ctx); err != nil {
		return Result{}, err
	}
	if err := wait.Sleep(ctx, calm); err != nil {
		return Result{}, err
	}
	if err := s.end(ctx); err != nil {
		return Result{}, err
	}
	return s.judge(ctx, d, began)
}
