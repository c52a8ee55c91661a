package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/drill"
)

func (t *tool) drillControlsCommand() *cobra.Command {
	r := &drillRun{labRun: labRun{tool: t, seed: classSeed, pace: -1}}
	cmd := &cobra.Command{
		Use:   "controls [NAME...]",
		Short: "Carry out drills on topics that cannot stand them, and say whether that shows",
		Long: `controls carries out drills on topics that do not keep what the others promise: one replica, and unclean elections with
acks=1. Each must come out red, in the way that its setting makes: a check that was never seen to fail proves nothing.
Without a name it takes all of them.

Exit codes: 0 all caught, 1 one was not, 2 could not run.`,
		Example: "  workshop drill controls\n  workshop drill controls one-replica",
		RunE: func(cmd *cobra.Command, args []string) error {
			controls, err := selectControls(drill.Controls(), func(c drill.Control) string { return c.Name }, args)
			if err != nil {
				return err
			}
			return running(func(cmd *cobra.Command) error { return r.controlDrills(cmd.Context(), controls) })(cmd, args)
		},
	}
	cmd.Flags().StringVar(&r.brokers, "brokers", "",
		"the cluster, host:port, comma separated (default: BOOTSTRAP_SERVERS, or "+kafka.DefaultBrokers+")")
	cmd.Flags().BoolVar(&r.force, "force", false, "also on a cluster that is not whole: start what is down first")
	return cmd
}

func (r *drillRun) controlDrills(ctx context.Context, controls []drill.Control) error {
	caught := 0
	for _, c := range controls {
		d, _ := drill.Find(c.Drill)
		o, lines, err := r.drillOptions(d)
		if err != nil {
			return err
		}
		printf := r.printer(lines)
		printf("%s (%s): %s\n", c.Name, c.Drill, c.Swap.In(o.Lang))
		result, err := drillVerdict(ctx, d, c.Options(o))
		switch {
		case err != nil:
			return err
		case c.Caught(result):
			caught++
			printf("  ✓ %s: %s\n", service.Text{PT: "detectado", EN: "caught"}.In(o.Lang), c.Want.In(o.Lang))
		default:
			printf("  ✗ %s: %s\n", service.Text{PT: "NÃO detectado; esperado", EN: "NOT caught; expected"}.In(o.Lang), c.Want.In(o.Lang))
		}
		printf("    %s\n\n", result.Line(o.Lang))
	}
	o, lines, err := r.options()
	if err != nil {
		return err
	}
	fmt.Fprintln(lines, controlsLine(o.Lang, caught, len(controls), 0))
	if caught < len(controls) {
		return errNotCaught
	}
	return nil
}
