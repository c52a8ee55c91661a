package deadletter

import (
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/group"
)

var (
	root     = admintest.Mount(NewCommand, group.NewCommand) // a replay's position is a group's
	workshop = root.Run
)
