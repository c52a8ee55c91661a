package admin

import (
	"fmt"

	"github.com/spf13/cobra"
)

// TopicsCommand is «workshop topics».
func TopicsCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Create, list, describe, change and delete topics, on any cluster"}
	BootstrapFlag(cmd)
	cmd.AddCommand(newApplyCommand(t), newTopicListCommand(t), newTopicDescribeCommand(t),
		newCreateCommand(t), newAlterCommand(t), newTopicDeleteCommand(t), newReassignCommand(t))
	return cmd
}

func Count[N int | int16 | int32 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
