// Package topic is the command «workshop topics».
package topic

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// NewCommand returns the command «workshop topics».
func NewCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Create, list, describe, change and delete topics, on any cluster"}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newApplyCommand(t), newListCommand(t), newDescribeCommand(t),
		newCreateCommand(t), newAlterCommand(t), newDeleteCommand(t), newReassignCommand(t))
	return cmd
}

// ids returns the ids of brokers, or a dash if there are none.
func ids(brokers []int32) string {
	if len(brokers) == 0 {
		return "-"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(brokers), " ", ","), "[]")
}
