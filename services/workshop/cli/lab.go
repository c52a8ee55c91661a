package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/workshop/lab"
)

func (t *tool) labCommand() *cobra.Command {
	return group("lab", "Experiments about delivery guarantees that end in a verdict",
		t.labListCommand(), t.labRunCommand(), t.labVerdictCommand(), t.labControlsCommand())
}

func labNames() []string {
	var names []string
	for _, l := range lab.All() {
		names = append(names, l.Name)
	}
	return names
}
