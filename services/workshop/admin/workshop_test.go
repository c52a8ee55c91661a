package admin

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/session"
)

var (
	root = admintest.Root(func(t *session.Tool) []*cobra.Command {
		t.Standard = testTopics()
		return append(Commands(t), ResetCommand(t, testLabs))
	})
	workshop   = root.Run
	workshopOn = root.RunOn
)
