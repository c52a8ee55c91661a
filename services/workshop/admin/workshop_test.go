package admin

import "workshop.example/workshop/admin/admintest"

var (
	root       = admintest.Root(Commands)
	workshop   = root.Run
	workshopOn = root.RunOn
)
