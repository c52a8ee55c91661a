package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/drill"
	"workshop.example/workshop/lab"
)

func (t *tool) drillCommand() *cobra.Command {
	return group("drill", "Emergencies of a cluster, rehearsed: brokers are killed, and the messages counted",
		t.drillListCommand(), t.drillRunCommand(), t.drillControlsCommand())
}

func (t *tool) drillListCommand() *cobra.Command {
	return t.listing("List the drills", func(row func(string, lab.Text)) {
		for _, d := range drill.All() {
			row(d.Name, d.Summary)
		}
	})
}
