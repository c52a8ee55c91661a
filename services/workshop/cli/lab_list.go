package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/progress"
	"workshop.example/workshop/screen"
)

func (t *tool) labListCommand() *cobra.Command {
	var embedded bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the labs, in the order of the course",
		Long: `list prints the labs in the order of the course: the name, the number of the page, how long a run takes on the embedded cluster, a tick
for those that have come out as predicted on this machine, and what is shown.`,
		Example: "  workshop lab list\n  workshop lab list --embedded          without those that need real brokers, on this machine, to kill",
		Args:    cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			lang, err := t.lang()
			if err != nil {
				return err
			}
			done := t.progress()
			var rows strings.Builder
			for _, l := range lab.Labs.All() {
				if !embedded || !l.Brokers {
					takes := "-"
					if l.Takes > 0 {
						takes = fmt.Sprint(l.Takes, " s")
					}
					fmt.Fprintf(&rows, "%s\t%02d\t%s\t%s\t%s\n", l.Name, l.Place, takes, tick(done, l), summary(l).In(lang))
				}
			}
			w := cmd.OutOrStdout()
			_, err = screen.Table(w, rows.String(), fold.Columns(w, t.lookup))
			return err
		}),
	}
	cmd.Flags().BoolVar(&embedded, "embedded", false, "only the labs that can run on the embedded cluster")
	return cmd
}

// progress returns what is done. Where that cannot be read, standard error says why, and nothing is.
func (t *tool) progress() *progress.Progress {
	p, err := progress.Load(t.lookup)
	if err != nil {
		t.remark(err.Error())
	}
	return p
}

func tick(done *progress.Progress, l experiment.Spec) string {
	if done.Done(l.Name) {
		return "✓"
	}
	return "·"
}

// summary says also what a lab needs.
func summary(l experiment.Spec) service.Text {
	switch {
	case l.Brokers:
		return service.Text{PT: l.Summary.PT + " (brokers de verdade)", EN: l.Summary.EN + " (real brokers)"}
	case l.Kafka4:
		return service.Text{PT: l.Summary.PT + " (embutido, ou Kafka 4.2 ou mais novo)", EN: l.Summary.EN + " (embedded, or Kafka 4.2 or newer)"}
	}
	return l.Summary
}
