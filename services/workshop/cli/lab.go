package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/lab"
)

func (t *tool) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Experiments about delivery guarantees that end in a verdict",
		Args:  noSuchCommand,
		RunE:  running(func(cmd *cobra.Command) error { return cmd.Help() }),
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(t.labListCommand(), t.labRunCommand(), t.labVerdictCommand(), t.labControlsCommand())
	return cmd
}

func labNames() []string {
	var names []string
	for _, l := range lab.All() {
		names = append(names, l.Name)
	}
	return names
}
