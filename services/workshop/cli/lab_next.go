package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/progress"
)

func (t *tool) labNextCommand() *cobra.Command {
	var embedded, reset bool
	cmd := &cobra.Command{
		Use:   "next",
		Short: "Say which lab comes next",
		Long: `next names the first lab, in the order of the course, that has not yet come out as predicted on this machine, and how to
run it. What is done is kept in the user's state folder (XDG_STATE_HOME).`,
		Example: "  workshop lab next\n  workshop lab next --embedded          without those that need real brokers, on this machine, to kill\n" +
			"  workshop lab next --reset-progress    begin anew",
		Args: cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			lang, err := t.lang()
			if err != nil {
				return err
			}
			done, err := progress.Load(t.lookup)
			if reset {
				err = done.Reset()
			}
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			_, err = io.WriteString(w, fold.Lines(nextLab(done, embedded).In(lang), fold.Columns(w, t.lookup), 0))
			return err
		}),
	}
	cmd.Flags().BoolVar(&embedded, "embedded", false, "only of the labs that can run on the embedded cluster")
	cmd.Flags().BoolVar(&reset, "reset-progress", false, "first forget which labs are done")
	return cmd
}

// nextLab returns what to say of the first lab that is not done.
func nextLab(done *progress.Progress, embedded bool) service.Text {
	finished, all := 0, 0
	var next service.Text
	for _, l := range lab.Labs.All() {
		if embedded && l.Brokers {
			continue
		}
		all++
		switch {
		case done.Done(l.Name):
			finished++
		case next == service.Text{}:
			s := summary(l)
			next = service.Text{
				PT: fmt.Sprintf("%s: %s\npágina: labs/pt-BR/%02d-%[1]s.md\n\n  workshop lab run %[1]s --predict\n", l.Name, s.PT, l.Place),
				EN: fmt.Sprintf("%s: %s\npage: labs/en/%02d-%[1]s.md\n\n  workshop lab run %[1]s --predict\n", l.Name, s.EN, l.Place),
			}
		}
	}
	if finished == all {
		return service.Textf("Todos os %d laboratórios estão feitos.\n", "All %d labs are done.\n", all)
	}
	so := service.Textf("%d de %d feitos. O próximo:\n", "%d of %d done. Next:\n", finished, all)
	return service.Text{PT: so.PT + next.PT, EN: so.EN + next.EN}
}
