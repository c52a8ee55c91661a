// Package admin is the part of the tool that inspects and changes a cluster: topics, messages, consumer groups and dead letters. It
// uses the words of Kafka's own tools, which it is there to teach, and adds what they leave out.
//
// Each noun has a folder and each of its verbs a file. The nouns import session, which connects, asks and prints; offset, about
// places in logs; coordinator, about groups; and format, about messages. They do not import each other.
package admin

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/cluster"
	"workshop.example/workshop/admin/deadletter"
	"workshop.example/workshop/admin/group"
	"workshop.example/workshop/admin/message"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/admin/topic"
	"workshop.example/workshop/admin/user"
)

// Commands returns the commands to mount under the root, except «reset», which needs the labs. Those without a RunE only have
// subcommands.
func Commands(t *session.Tool) []*cobra.Command {
	return []*cobra.Command{
		cluster.NewCommand(t), topic.NewCommand(t), group.NewCommand(t),
		message.NewProduceCommand(t), message.NewConsumeCommand(t), deadletter.NewCommand(t), user.NewCommand(t),
	}
}
