// Package cli is the command line of the tool: flags, help, exit codes and signals. What its commands do is in other
// packages.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/local"
)

// Main executes the command line of this process and returns its exit code.
func Main() int {
	stop, kill := untilStopped()
	t := &tool{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), binDir: besideExecutable, kill: kill}
	return t.run(stop, os.Args[1:])
}

const toolName = "workshop"

// tool is what the commands get from the process; a test fills it in itself.
type tool struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string               // as of os.Environ
	binDir         func() (string, error) // where the services' binaries are
	kill           context.Context        // ends with a second Ctrl-C: no more waiting
}

// run executes one command line and returns the exit code.
func (t *tool) run(ctx context.Context, args []string) int {
	root := t.rootCommand()
	root.SetArgs(args)
	root.SetOut(t.stdout)
	root.SetErr(t.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return service.ExitOK
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if readerGone(err, t.stdout) {
		return service.ExitOK
	}
	text := fmt.Sprintf("workshop: %v\n", err) // which may quote a broker
	if service.IsTerminal(t.stderr) {
		text = service.SafeLines(text)
	}
	_, ran := errors.AsType[*runError](err)
	if !ran { // cobra refused the command line: whatever it says, it does not say where to look
		text += fmt.Sprintf("see «%s --help»\n", cmd.CommandPath())
	}
	io.WriteString(t.stderr, fold.Lines(text, fold.Columns(t.stderr, t.lookup), 0))
	if _, usage := errors.AsType[service.UsageError](err); usage || !ran {
		return service.ExitUsage
	}
	return service.ExitFailed
}

// runError is an error of a command that ran, so that every other error is one of the command line:
// cobra has no type for those.
type runError struct{ error }

func (e *runError) Unwrap() error { return e.error }

func running(f func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := f(cmd); err != nil {
			return &runError{err}
		}
		return nil
	}
}

// lookup reads the tool's environment.
func (t *tool) lookup(name string) (string, bool) { return local.Lookup(t.environ, name) }

// besideExecutable is the folder of this program itself, also where it was called by a link to it.
func besideExecutable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	return filepath.Dir(path), nil
}
