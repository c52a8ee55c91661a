package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/drill"
	"workshop.example/workshop/lab"
)

func (t *tool) drillCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drill",
		Short: "Emergencies of a cluster, rehearsed: brokers are killed, and the messages counted",
		Args:  noSuchCommand,
		RunE:  running(func(cmd *cobra.Command) error { return cmd.Help() }),
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(t.drillListCommand(), t.drillRunCommand(), t.drillControlsCommand())
	return cmd
}

func (t *tool) drillListCommand() *cobra.Command {
	return t.listing("List the drills", func(row func(string, lab.Text)) {
		for _, d := range drill.All() {
			row(d.Name, d.Summary)
		}
	})
}
