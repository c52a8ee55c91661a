package admin

import "github.com/spf13/cobra"

// GroupsCommand is «workshop groups».
func GroupsCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "groups", Short: "List, describe, reset and delete consumer groups, on any cluster"}
	BootstrapFlag(cmd)
	cmd.AddCommand(newGroupListCommand(t), newGroupDescribeCommand(t),
		newResetCommand(t), newGroupDeleteCommand(t))
	return cmd
}
