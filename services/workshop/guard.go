package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
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
			go func() { io.Copy(io.Discard, os.Stdin); kill() }()
			return guard(ctx, args)
		},
	}
}

// guard runs a program in a group of its own and kills all of the group when ctx ends, or when the
// program itself has ended: a process that it left behind would still be a member of its consumer
// group. The program's input is empty, and its output goes straight to where the guard's goes. The
// error is its exit code, 128 and the signal's number where a signal has ended it.
func guard(ctx context.Context, words []string) error {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	group, err := newProcessGroup(cmd)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "workshop: %s: %v\n", strings.Join(words, " "), err)
		return noSuchProgram
	}
	defer context.AfterFunc(ctx, func() { group.kill(cmd.Process) })()
	err = cmd.Wait()
	group.kill(cmd.Process)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if end := endingOf(exit.ProcessState); end.signaled {
			return exitCode(128 + int(end.signal))
		}
		return exitCode(exit.ExitCode())
	}
	return err
}
