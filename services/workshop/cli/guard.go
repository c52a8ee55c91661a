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

// exitCode is a program's exit code that becomes the tool's own; what there is to say was said already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// noSuchProgram is what a shell answers with.
const noSuchProgram exitCode = 127

// guardCommand runs somebody else's program, which cannot be asked to end with its standard input as
// ours can: the guard watches its own input instead, and ends with everything that it has started.
func guardCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "guard -- COMMAND [ARG...]",
		Short:  "Run a program until standard input ends, and leave nothing of it behind",
		Hidden: true,
		Args:   cobra.MinimumNArgs(1),
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
