package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit, Go version and platform",
		Args:  cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), service.VersionLine("workshop"))
			return err
		}),
	}
}
