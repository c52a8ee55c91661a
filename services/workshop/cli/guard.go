package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"workshop.example/workshop/guard"
)

// exitCode is an error that sets the tool's exit code and prints nothing.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// noSuchProgram is the exit code of a shell for a command that it does not find.
const noSuchProgram exitCode = 127

// guardCommand runs a program that somebody else wrote. Our own programs stop when their standard input ends; another
// does not, so the guard watches the input in its place and ends with everything that it has started.
func guardCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "guard -- COMMAND [ARG...]",
		Short:             "Run a program until standard input ends, and leave nothing of it behind",
		Hidden:            true,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, kill := context.WithCancel(cmd.Context())
			defer kill()
			go func() { io.Copy(io.Discard, os.Stdin); kill() }()
			code, err := guard.Run(ctx, args)
			if start, ok := errors.AsType[*guard.StartError](err); ok {
				fmt.Fprintf(os.Stderr, "workshop: %v\n", start)
				return noSuchProgram
			}
			if err == nil && code != 0 {
				return exitCode(code)
			}
			return err
		},
	}
}
