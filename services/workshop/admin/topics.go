package admin

import (
	"fmt"

	"github.com/spf13/cobra"
)

// TopicsCommand is «workshop topics».
func TopicsCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "topics", Short: "Create, list, describe, change and delete topics, on any cluster"}
	bootstrap := bootstrapFlag(cmd)
	cmd.AddCommand(t.applyCommand(bootstrap), t.listCommand(bootstrap), t.topicsDescribeCommand(bootstrap),
		t.topicsCreateCommand(bootstrap), t.topicsAlterCommand(bootstrap), t.topicsDeleteCommand(bootstrap), t.topicsReassignCommand(bootstrap))
	return cmd
}

func count[N int | int16 | int32 | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
