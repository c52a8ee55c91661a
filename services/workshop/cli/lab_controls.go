package cli

import (
	"io"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/screen"
)

func (t *tool) labControlsCommand() *cobra.Command {
	r := &experimentRun{tool: t, kind: lab.Labs, seed: classSeed}
	cmd := &cobra.Command{
		Use:   "controls [NAME...]",
		Short: "Put a mistake into each lab, and say whether the lab catches it",
		Long: `controls carries out labs with a mistake in them: another program in the scoreboard's place, or another setting.
Each must come out red, in the way that the mistake makes: a check that was never seen to fail proves nothing.

Without a name it takes all of them. Some need real brokers, and are left out without them; those whose fault only ` +
			`the embedded cluster can make run on
one in any case.

Exit codes: 0 all caught, 1 one was not, 2 could not run.`,
		Example: "  workshop lab controls\n  workshop lab controls never-commit no-key\n" +
			"  workshop lab controls --bootstrap-servers localhost:9092",
	}
	cmd.RunE = r.controlsOf(func(o *experiment.Options) error {
		// What the programs print is of no interest here, unless it explains why a control did not run.
		o.Screen = screen.New(io.Discard, io.Discard, r.lookup)
		o.Say = func(service.Text) {}
		return nil
	})
	clusterFlag(cmd, &r.brokers,
		"a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	return cmd
}
