package cli

import "github.com/spf13/cobra"

func (t *tool) labCommand() *cobra.Command {
	return group("lab", "Experiments about delivery guarantees that end in a verdict",
		t.labListCommand(), t.labNextCommand(), t.labRunCommand(), t.labVerdictCommand(), t.labControlsCommand())
}
