package admin

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// TopicsCommand is «workshop topics».
func TopicsCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Create, list, describe, change and delete topics, on any cluster"}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newApplyCommand(t), newTopicListCommand(t), newTopicDescribeCommand(t),
		newCreateCommand(t), newAlterCommand(t), newTopicDeleteCommand(t), newReassignCommand(t))
	return cmd
}
