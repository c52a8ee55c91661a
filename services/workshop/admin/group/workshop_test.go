package group

import "workshop.example/workshop/admin/admintest"

var (
	root     = admintest.Mount(NewCommand)
	workshop = root.Run
)
