package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/reset"
	"workshop.example/workshop/lab"
)

// resetCommand restores the topics and groups on a cluster to what a lab starts from.
func (t *tool) resetCommand() *cobra.Command {
	var starts []reset.Start
	for _, l := range lab.Labs.All() {
		starts = append(starts, reset.Start{Lab: l.Name, Topics: l.ByHand.Topics, Groups: l.ByHand.Groups})
	}
	cmd := reset.NewCommand(t.admin(), starts)
	rejectUnknownSubcommands(cmd)
	return cmd
}
