package topic

import "workshop.example/workshop/admin/admintest"

var workshop = admintest.Mount(NewCommand).Run
