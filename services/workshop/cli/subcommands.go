package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// group returns a command that only has subcommands.
func group(use, short string, subcommands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short}
	cmd.AddCommand(subcommands...)
	needsSubcommand(cmd)
	return cmd
}

// rejectUnknownSubcommands makes a command of another package behave as the commands here do: with subcommands, it prints
// its help and rejects a word that is none of them; with a RunE, its errors are those of a command that ran.
func rejectUnknownSubcommands(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := run(cmd, args); err != nil {
				return &runError{err}
			}
			return nil
		}
		return
	}
	needsSubcommand(cmd)
	for _, sub := range cmd.Commands() {
		rejectUnknownSubcommands(sub)
	}
}

// needsSubcommand makes a command print its help and reject a word that is none of its subcommands.
func needsSubcommand(cmd *cobra.Command) {
	cmd.Args = noSuchCommand
	cmd.RunE = running(func(cmd *cobra.Command) error { return cmd.Help() })
	cmd.SuggestionsMinimumDistance = 2 // cobra sets it for the root only
}

// noSuchCommand rejects a word after a command that only has subcommands. Cobra itself would print the help and exit
// with 0, and a script with a typo would go on.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	wrong := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		for i, name := range near {
			near[i] = fmt.Sprintf("«%s %s»", cmd.CommandPath(), name)
		}
		wrong += "; did you mean " + strings.Join(near, ", or ") + "?"
	}
	return errors.New(wrong)
}
