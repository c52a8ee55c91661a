package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"workshop.example/kit/event"
	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/screen"
)

// experimentRun is a command that carries out experiments: labs, or drills.
type experimentRun struct {
	*tool
	kind                *experiment.Registry
	brokers, report     string
	own                 map[string]*string // commands of programs of the student's own, by their roles
	pace                time.Duration
	seed                uint64
	times               int
	output              string
	asJSON, keep, force bool
	predict, quiet      bool
}

// classSeed is the default seed, so that a whole class sees the same match.
const classSeed = 42

// notAsPredicted makes the exit code 1 after a verdict that has said why.
func notAsPredicted(lang service.Lang) error {
	return errors.New(service.Pick(lang, "não saiu como previsto", "not as predicted"))
}

// find returns the experiment with a name.
func (r *experimentRun) find(what, name string) (experiment.Spec, error) {
	s, ok := r.kind.Find(name)
	if !ok {
		return s, service.UsageError(nearest.Unknown(what, name, r.kind.Names()))
	}
	return s, nil
}

// strikes prepares a run that kills brokers: those of this machine where nobody names others, and a stop that has time to
// start them again.
func strikes(o *experiment.Options, stop time.Duration) {
	lastResort.Store(int64(stop))
	if len(o.Cluster.Brokers) == 0 {
		o.Cluster.Brokers = strings.Split(kafka.DefaultBrokers, ",")
	}
}

// haveBrokers returns an error if the brokers to be killed are not there.
func haveBrokers(o experiment.Options) error {
	if _, err := rig.FindBrokers(o.Options); err != nil {
		return service.UsageError("no verdict: " + err.Error())
	}
	return nil
}

// carryOut says under a heading what will happen, runs the experiment and prints its verdict.
func (r *experimentRun) carryOut(
	ctx context.Context, s experiment.Spec, o experiment.Options, lines io.Writer, heading string,
) (experiment.Outcome, error) {
	if s.Brokers {
		if err := haveBrokers(o); err != nil {
			return nil, err
		}
	}
	width := fold.Width(lines, r.lookup)
	guesses, err := r.introduce(ctx, s, o, lines, heading, width)
	if err != nil {
		return nil, err
	}
	board := announce(ctx, o.Cluster, s.Name)
	board.tell(event.Predicts, s.Will[2])
	o.Say = board.listen(o.Say)
	outcome, err := verdictOf(ctx, s, o)
	board.end(outcome, err)
	if err != nil {
		return nil, err
	}
	if r.asJSON {
		err = r.printJSON(outcome.Form(o.Lang))
	} else {
		outcome.Print(lines, o.Lang, screen.Colour(r.stdout, r.lookup), width)
	}
	if result, ok := outcome.(report.Result); ok && r.predict {
		compareGuesses(lines, guesses, result, o.Lang, width)
	}
	return outcome, err
}

// introduce says what will happen, and before the prediction asks for the user's own, where that is wanted.
func (r *experimentRun) introduce(
	ctx context.Context, s experiment.Spec, o experiment.Options, lines io.Writer, heading string, width int,
) (guesses []guess, err error) {
	var ask func() error
	if r.predict {
		ask = func() (err error) {
			guesses, err = askGuesses(ctx, r.stdin, lines, s.Ask, o.Lang)
			return err
		}
	}
	if err := s.Introduce(lines, o.Lang, heading, width, ask); err != nil {
		return nil, service.UsageError("stopped before the run")
	}
	return guesses, nil
}

// verdictOf runs an experiment. An error means exit code 2: the prediction neither held nor failed.
func verdictOf(ctx context.Context, s experiment.Spec, o experiment.Options) (experiment.Outcome, error) {
	ctx, cancel := o.Screen.WithReader(ctx)
	defer cancel()
	outcome, err := s.Run(ctx, o)
	broken, left := errors.AsType[*rig.NotMended](err)
	switch {
	case left:
		return nil, service.UsageError("no verdict, and a broken cluster: " + broken.Error())
	case errors.Is(err, context.Canceled) && s.Brokers:
		return nil, service.UsageError("stopped before there was a verdict; what was broken is put right")
	case errors.Is(err, context.Canceled):
		return nil, service.UsageError("stopped before there was a verdict")
	case err != nil:
		return nil, service.UsageError("no verdict: " + err.Error())
	}
	return outcome, nil
}

// clusterName returns the words for the cluster that a lab or a drill runs on.
func clusterName(o rig.Options) string {
	if len(o.Cluster.Brokers) == 0 {
		return service.Text{PT: "cluster embutido", EN: "embedded cluster"}.In(o.Lang)
	}
	return "brokers " + strings.Join(o.Cluster.Brokers, ",")
}
