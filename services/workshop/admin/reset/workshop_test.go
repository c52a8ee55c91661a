package reset

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/admin/topic"
)

var (
	root     = admintest.Mount(newTestCommand, topic.NewCommand)
	workshop = root.Run
)

func newTestCommand(t *session.Tool) *cobra.Command {
	t.Standard = testTopics()
	return NewCommand(t, testLabs)
}
