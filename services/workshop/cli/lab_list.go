package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/screen"
)

func (t *tool) labListCommand() *cobra.Command {
	var embedded bool
	cmd := t.listing("List the labs, in the order of the course", func(row func(string, service.Text)) {
		for _, l := range lab.Labs.All() {
			if !embedded || !l.Brokers {
				summary := l.Summary
				if l.Brokers {
					summary = service.Text{PT: summary.PT + " (brokers de verdade)", EN: summary.EN + " (real brokers)"}
				}
				row(l.Name, summary)
			}
		}
	})
	cmd.Example = "  workshop lab list\n  workshop lab list --embedded          without those that need real brokers, on this machine, to kill"
	cmd.Flags().BoolVar(&embedded, "embedded", false, "only the labs that can run on the embedded cluster")
	return cmd
}

// listing returns a command that prints names with their summaries in the user's language.
func (t *tool) listing(short string, each func(row func(name string, summary service.Text))) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: short,
		Args:  cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			lang, err := t.lang()
			if err != nil {
				return err
			}
			var rows strings.Builder
			each(func(name string, summary service.Text) { fmt.Fprintf(&rows, "%s\t%s\n", name, summary.In(lang)) })
			w := cmd.OutOrStdout()
			_, err = screen.Table(w, rows.String(), fold.Columns(w, t.lookup))
			return err
		}),
	}
}
