package message

import (
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/group"
)

var (
	root       = admintest.Mount(NewProduceCommand, NewConsumeCommand, group.NewCommand) // which says how far a group has read
	workshop   = root.Run
	workshopOn = root.RunOn
)
