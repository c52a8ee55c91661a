// Package group is the command «workshop groups».
package group

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// NewCommand returns the command «workshop groups».
func NewCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "groups", Short: "List, describe, reset and delete consumer groups, on any cluster"}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newListCommand(t), newDescribeCommand(t),
		newResetCommand(t), newDeleteCommand(t))
	return cmd
}
