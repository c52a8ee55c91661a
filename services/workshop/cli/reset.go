package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin"
	"workshop.example/workshop/lab"
)

// resetCommand restores the topics and groups on a cluster to what a lab starts from.
func (t *tool) resetCommand() *cobra.Command {
	var starts []admin.LabStart
	for _, l := range lab.All() {
		starts = append(starts, admin.LabStart{Lab: l.Name, Topics: l.ByHand.Topics, Groups: l.ByHand.Groups})
	}
	cmd := admin.ResetCommand(t.admin(), starts)
	rejectUnknownSubcommands(cmd)
	return cmd
}
