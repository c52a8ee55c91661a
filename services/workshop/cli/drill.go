package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/workshop/drill"
	"workshop.example/workshop/screen"
)

func (t *tool) drillCommand() *cobra.Command {
	return group("drill", "Emergencies of a cluster, rehearsed: brokers are killed, and the messages counted",
		t.drillListCommand(), t.drillRunCommand(), t.drillControlsCommand())
}

func (t *tool) drillListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the drills",
		Args:  cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			lang, err := t.lang()
			if err != nil {
				return err
			}
			var rows strings.Builder
			for _, d := range drill.Drills.All() {
				fmt.Fprintf(&rows, "%s\t%s\n", d.Name, d.Summary.In(lang))
			}
			w := cmd.OutOrStdout()
			_, err = screen.Table(w, rows.String(), fold.Columns(w, t.lookup))
			return err
		}),
	}
}
