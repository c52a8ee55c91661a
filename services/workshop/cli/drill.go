package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/drill"
)

func (t *tool) drillCommand() *cobra.Command {
	return group("drill", "Emergencies of a cluster, rehearsed: brokers are killed, and the messages counted",
		t.drillListCommand(), t.drillRunCommand(), t.drillControlsCommand())
}

func (t *tool) drillListCommand() *cobra.Command {
	return t.listing("List the drills", func(row func(string, service.Text)) {
		for _, d := range drill.Drills.All() {
			row(d.Name, d.Summary)
		}
	})
}
