package admin

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// GroupsCommand is «workshop groups».
func GroupsCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "groups", Short: "List, describe, reset and delete consumer groups, on any cluster"}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newGroupListCommand(t), newGroupDescribeCommand(t),
		newResetCommand(t), newGroupDeleteCommand(t))
	return cmd
}
