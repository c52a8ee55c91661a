// Package deadletter is the command «workshop dlq».
package deadletter

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// NewCommand returns the command «workshop dlq».
func NewCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "List, show and replay dead letters: messages that a consumer could not read",
		Long: `A consumer that cannot read a message puts it into its dead-letter topic, TOPIC.dlq, with the reason in headers, and
goes on. Those of the e-commerce system share one, ECOMMERCE_DEADLETTER, in which the value is JSON for people with
the original inside. Here you see what is there, and send it back once the consumer has been mended.`,
	}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newListCommand(t), newShowCommand(t), newReplayCommand(t))
	return cmd
}
