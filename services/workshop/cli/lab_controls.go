package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/fold"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/screen"
)

func (t *tool) labControlsCommand() *cobra.Command {
	r := &labRun{tool: t, seed: classSeed}
	cmd := &cobra.Command{
		Use:   "controls [NAME...]",
		Short: "Put a mistake into each lab, and say whether the lab catches it",
		Long: `controls carries out labs with a mistake in them: another program in the scoreboard's place, or another setting.
Each must come out red, in the way that the mistake makes: a check that was never seen to fail proves nothing.

Without a name it takes all of them. Some need real brokers, and are left out without them; those whose fault only ` +
			`the embedded cluster can make run on
one in any case.

Exit codes: 0 all caught, 1 one was not, 2 could not run.`,
		Example: "  workshop lab controls\n  workshop lab controls never-commit no-key\n  workshop lab controls --brokers localhost:9092",
		RunE: func(cmd *cobra.Command, args []string) error {
			controls, err := selectControls(lab.Controls(), func(c lab.Control) string { return c.Name }, args)
			if err != nil {
				return err
			}
			return running(func(cmd *cobra.Command) error { return r.controls(cmd.Context(), controls) })(cmd, args)
		},
	}
	cmd.Flags().StringVar(&r.brokers, "brokers", "",
		"a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	return cmd
}

var errNotCaught = errors.New("a mistake was not caught")

// selectControls returns the controls with these names, in the order of all; without names it returns all.
func selectControls[C any](all []C, name func(C) string, names []string) ([]C, error) {
	known := make([]string, len(all))
	for i, c := range all {
		known[i] = name(c)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, service.UsageError(nearest.Unknown("control", n, known))
		}
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(c C) bool { return !slices.Contains(names, name(c)) }), nil
}

// controlsAtOnce is how many run at the same time, each on an embedded cluster of its own: most of the time they wait.
var controlsAtOnce = min(max(2, runtime.NumCPU()), 4)

// checked is how a control came out.
type checked struct {
	result report.Result
	caught bool
	err    error
}

// check carries out controls, and hands each outcome over in their order. On real brokers one runs at a time, as some of them
// kill brokers.
func check(ctx context.Context, controls []lab.Control, o rig.Options) []chan checked {
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
				result, caught, err := c.Check(ctx, o)
				outcomes[i] <- checked{result, caught, err}
				return nil
			})
		}
	}()
	return outcomes
}

func (r *labRun) controls(ctx context.Context, controls []lab.Control) error {
	o, lines, err := r.options()
	if err != nil {
		return err
	}
	// What the programs print is of no interest here, unless it explains why a control did not run.
	o.Screen = screen.New(io.Discard, io.Discard, r.lookup)
	o.Say = func(service.Text) {}
	named := len(controls)
	if len(o.Cluster.Brokers) == 0 {
		controls = slices.DeleteFunc(slices.Clone(controls), func(c lab.Control) bool { return c.Brokers })
	}
	caught := 0
	printf := r.printer(lines)
	outcomes := check(ctx, controls, o)
	for i, outcome := range outcomes {
		c := controls[i]
		printf("%s (%s): %s\n", c.Name, c.Lab, c.Swap.In(o.Lang))
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
		case done.err != nil:
			printf("  ✗ %s: %v\n", service.Text{PT: "sem veredito", EN: "no verdict"}.In(o.Lang), done.err)
		default:
			printf("  ✗ %s: %s\n", service.Text{PT: "NÃO detectado; esperado", EN: "NOT caught; expected"}.In(o.Lang), c.Want.In(o.Lang))
		}
		for _, p := range done.result.Parts {
			printf("    %s\n", strings.TrimSpace(p.Title.In(o.Lang)+" "+p.Line(o.Lang)))
		}
	}
	fmt.Fprintln(lines, controlsLine(o.Lang, caught, len(controls), named-len(controls)))
	if caught < len(controls) {
		return errNotCaught
	}
	return nil
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
