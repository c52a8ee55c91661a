// Workshop is the tool around the services: it runs the whole workshop without Docker, and looks at
// any cluster and changes it.
//
// Lines meant for another program or a screen go to standard output; what the tool has to say of
// itself goes to standard error.
package main

import (
	"os"

	"workshop.example/workshop/cli"
)

func main() { os.Exit(cli.Main(nil)) }
