// Package group is «workshop groups»: list, describe, reset and delete consumer groups.
package group

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// NewCommand is «workshop groups».
func NewCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "groups", Short: "List, describe, reset and delete consumer groups, on any cluster"}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newListCommand(t), newDescribeCommand(t),
		newResetCommand(t), newDeleteCommand(t))
	return cmd
}
