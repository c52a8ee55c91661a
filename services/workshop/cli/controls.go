package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/fold"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/rig"
)

var errNotCaught = errors.New("a mistake was not caught")

// selectControls returns the controls with these names, in the order of all; without names it returns all.
func selectControls(all []experiment.Control, names []string) ([]experiment.Control, error) {
	known := make([]string, len(all))
	for i, c := range all {
		known[i] = c.Name
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, service.UsageError(nearest.Unknown("control", n, known))
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(c experiment.Control) bool { return !slices.Contains(names, c.Name) }), nil
}

// controlsAtOnce is how many run at the same time, each on an embedded cluster of its own: most of the time they wait.
var controlsAtOnce = min(max(2, runtime.NumCPU()), 4)

// checked is how a control came out.
type checked struct {
	outcome experiment.Outcome // nil without a verdict
	caught  bool
	err     error
}

// check carries out controls, and hands each outcome over in their order. On real brokers one runs at a time, as some of them
// kill brokers.
func check(ctx context.Context, controls []experiment.Control, o experiment.Options) []chan checked {
	outcomes := make([]chan checked, len(controls))
	for i := range outcomes {
		outcomes[i] = make(chan checked, 1)
	}
	var runs errgroup.Group
	runs.SetLimit(controlsAtOnce)
	if len(o.Cluster.Brokers) > 0 {
		runs.SetLimit(1)
	}
	go func() {
		for i, c := range controls {
			runs.Go(func() error {
				outcome, caught, err := c.Check(ctx, o)
				outcomes[i] <- checked{outcome, caught, err}
				return nil
			})
		}
	}()
	return outcomes
}

// controlsOf returns the command's function. The options pass through prepare.
func (r *experimentRun) controlsOf(prepare func(*experiment.Options) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		controls, err := selectControls(r.kind.Controls(), args)
		if err != nil {
			return err
		}
		return running(func(cmd *cobra.Command) error { return r.controls(cmd.Context(), controls, len(args) == 0, prepare) })(cmd, args)
	}
}

// controls carries out controls. Of all of them those that another kind of cluster needs are left out.
func (r *experimentRun) controls(
	ctx context.Context, controls []experiment.Control, all bool, prepare func(*experiment.Options) error,
) error {
	options, lines, err := r.options()
	if err != nil {
		return err
	}
	o := experiment.Options{Options: options, Force: r.force}
	if err := prepare(&o); err != nil {
		return err
	}
	named := len(controls)
	if len(o.Cluster.Brokers) == 0 {
		controls = slices.DeleteFunc(slices.Clone(controls), func(c experiment.Control) bool { return c.Brokers })
	}
	caught, notCaught, elsewhere := 0, 0, 0
	printf := r.printer(lines)
	outcomes := check(ctx, controls, o)
	for i, outcome := range outcomes {
		c := controls[i]
		printf("%s (%s): %s\n", c.Name, c.Of, c.Swap.In(o.Lang))
		done := <-outcome
		switch {
		case ctx.Err() != nil:
			for _, ending := range outcomes[i+1:] {
				<-ending // its programs are stopped, its files erased
			}
			return service.UsageError("stopped before all controls were through")
		case done.caught:
			caught++
			printf("  ✓ %s: %s\n", service.Text{PT: "detectado", EN: "caught"}.In(o.Lang), c.Want.In(o.Lang))
		case all && needsOtherCluster(done.err):
			elsewhere++
			printf("  · %s: %s\n", service.Text{PT: "não neste cluster", EN: "not on this cluster"}.In(o.Lang),
				service.Words(o.Lang, done.err.Error()))
			continue
		case done.err != nil:
			printf("  ✗ %s: %s\n", service.Text{PT: "sem veredito", EN: "no verdict"}.In(o.Lang), service.Words(o.Lang, done.err.Error()))
			continue
		default:
			notCaught++
			printf("  ✗ %s: %s\n", service.Text{PT: "NÃO detectado; esperado", EN: "NOT caught; expected"}.In(o.Lang), c.Want.In(o.Lang))
			done.outcome.Print(lines, o.Lang, false, fold.Width(lines, r.lookup)) // whole: the counts alone do not say why
			continue
		}
		for _, line := range done.outcome.Lines(o.Lang) {
			printf("    %s\n", line)
		}
	}
	fmt.Fprintln(lines, controlsLine(o.Lang, caught, len(controls)-elsewhere, named-len(controls)))
	switch left := len(controls) - elsewhere - caught - notCaught; {
	case notCaught > 0:
		return errNotCaught
	case left > 0:
		return service.UsageError(fmt.Sprintf("no verdict of %d of %d controls", left, len(controls)))
	}
	return nil
}

func needsOtherCluster(err error) bool {
	notRun, ok := errors.AsType[*rig.NotRun](err)
	return ok && notRun.OtherCluster
}

// printer returns a function that prints to w, folded to its width.
func (t *tool) printer(w io.Writer) func(format string, args ...any) {
	width := fold.Width(w, t.lookup)
	return func(format string, args ...any) {
		io.WriteString(w, fold.Lines(fmt.Sprintf(format, args...), width, 4))
	}
}

// controlsLine sums up. left is the number of controls that need real brokers and did not run.
func controlsLine(lang service.Lang, caught, tried, left int) string {
	line := fmt.Sprintf(service.Text{PT: "controles detectados %d/%d", EN: "controls caught %d/%d"}.In(lang), caught, tried)
	if left > 0 {
		line += fmt.Sprintf(service.Text{PT: " (mais %d precisam de brokers de verdade)", EN: " (%d more need real brokers)"}.In(lang), left)
	}
	return line
}
