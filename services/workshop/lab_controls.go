package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/screen"
)

func (t *tool) labControlsCommand() *cobra.Command {
	r := &labRun{tool: t, seed: classSeed}
	cmd := &cobra.Command{
		Use:   "controls",
		Short: "Put a mistake into each lab, and say whether the lab catches it",
		Long: `controls carries out labs with a mistake in them: another program in the scoreboard's place, or another setting.
Each must come out red, in the way that the mistake makes: a check that was never seen to fail proves nothing.

Some need real brokers, and are left out without them; those whose fault only the embedded cluster can make run on
one in any case.

Exit codes: 0 all caught, 1 one was not, 2 could not run.`,
		Example: "  workshop lab controls\n  workshop lab controls --brokers localhost:9092",
		Args:    cobra.NoArgs,
		RunE:    running(func(cmd *cobra.Command) error { return r.controls(cmd.Context()) }),
	}
	cmd.Flags().StringVar(&r.brokers, "brokers", "", "a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	cmd.RegisterFlagCompletionFunc("brokers", cobra.NoFileCompletions)
	return cmd
}

var errNotCaught = errors.New("a mistake was not caught")

func (r *labRun) controls(ctx context.Context) error {
	o, lines, err := r.options()
	if err != nil {
		return err
	}
	// What the programs print is of no interest here, unless it explains why a control did not run.
	o.Screen = screen.New(io.Discard, io.Discard, r.lookup)
	o.Say = func(lab.Text) {}
	caught, tried, left := 0, 0, 0
	say := r.teller(lines)
	for _, c := range lab.Controls() {
		if c.Brokers && len(o.Cluster.Brokers) == 0 {
			left++
			continue
		}
		tried++
		say("%s (%s): %s\n", c.Name, c.Lab, c.Swap.In(o.Lang))
		result, ok, err := c.Check(ctx, o)
		switch {
		case ctx.Err() != nil:
			return service.UsageError("stopped before all controls were through")
		case ok:
			caught++
			say("  ✓ %s: %s\n", lab.Text{PT: "detectado", EN: "caught"}.In(o.Lang), c.Want.In(o.Lang))
		case err != nil:
			say("  ✗ %s: %v\n", lab.Text{PT: "sem veredito", EN: "no verdict"}.In(o.Lang), err)
		default:
			say("  ✗ %s: %s\n", lab.Text{PT: "NÃO detectado; esperado", EN: "NOT caught; expected"}.In(o.Lang), c.Want.In(o.Lang))
		}
		for _, p := range result.Parts {
			say("    %s\n", strings.TrimSpace(p.Title.In(o.Lang)+" "+p.Line(o.Lang)))
		}
	}
	fmt.Fprintln(lines, controlsLine(o.Lang, caught, tried, left))
	if caught < tried {
		return errNotCaught
	}
	return nil
}

// teller prints lines of the tool's own, folded.
func (t *tool) teller(w io.Writer) func(format string, args ...any) {
	width := fold.Width(w, t.lookup)
	return func(format string, args ...any) {
		io.WriteString(w, fold.Lines(fmt.Sprintf(format, args...), width, 4))
	}
}

// controlsLine sums up; left are those that need real brokers.
func controlsLine(lang service.Lang, caught, tried, left int) string {
	line := fmt.Sprintf(lab.Text{PT: "controles detectados %d/%d", EN: "controls caught %d/%d"}.In(lang), caught, tried)
	if left > 0 {
		line += fmt.Sprintf(lab.Text{PT: " (mais %d precisam de brokers de verdade)", EN: " (%d more need real brokers)"}.In(lang), left)
	}
	return line
}
