// Package admin is the part of the workshop's tool that looks at a cluster and changes it: topics,
// messages, consumer groups and dead letters. It is for learning what Kafka's own tools show, so it
// uses their words, and adds what they leave out.
package admin

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/cluster"
	"workshop.example/workshop/admin/deadletter"
	"workshop.example/workshop/admin/group"
	"workshop.example/workshop/admin/message"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/admin/topic"
)

// Commands are the commands to mount under the root. Those without a RunE only have subcommands.
func Commands(t *session.Tool) []*cobra.Command {
	return []*cobra.Command{cluster.NewCommand(t), topic.NewCommand(t), group.NewCommand(t), message.NewProduceCommand(t), message.NewConsumeCommand(t), deadletter.NewCommand(t)}
}
