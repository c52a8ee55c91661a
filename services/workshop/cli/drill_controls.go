package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/drill"
	"workshop.example/workshop/experiment"
)

func (t *tool) drillControlsCommand() *cobra.Command {
	r := &experimentRun{tool: t, kind: drill.Drills, seed: classSeed, pace: -1}
	cmd := &cobra.Command{
		Use:   "controls [NAME...]",
		Short: "Carry out drills on topics that cannot stand them, and say whether that shows",
		Long: `controls carries out drills on topics that do not keep what the others promise: one replica, unclean elections with
acks=1, and acks=1 without a quorum or through a crash. Each must come out red, in the way that its setting makes: a check
that was never seen to fail proves nothing.
Without a name it takes all that the cluster can have: some need ZooKeeper, some a cluster without it.

Exit codes: 0 all caught, 1 one was not, 2 could not run.`,
		Example: "  workshop drill controls\n  workshop drill controls one-replica",
	}
	cmd.RunE = r.controlsOf(func(o *experiment.Options) error {
		strikes(o, drillStop)
		return haveBrokers(*o)
	})
	clusterFlag(cmd, &r.brokers,
		"the cluster, host:port, comma separated (default: BOOTSTRAP_SERVERS, or "+kafka.DefaultBrokers+")")
	cmd.Flags().BoolVar(&r.force, "force", false, "also on a cluster that is not whole: start what is down first")
	return cmd
}
