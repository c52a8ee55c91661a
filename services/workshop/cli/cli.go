// Package cli is the command line of the tool: flags, help, exit codes and signals. What its commands do is in other
// packages.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/process"
	"workshop.example/kit/service"
	"workshop.example/workshop/local"
)

// Main executes the command line of this process and returns its exit code. The programs, by their names, are those that this
// executable is as well.
func Main(programs map[string]func()) int {
	if run, args := programOf(programs, os.Args); run != nil {
		os.Args = args
		run() // which handles signals in its own way
		return service.ExitOK
	}
	process.Hold(programs)
	stop, kill := untilStopped()
	t := &tool{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), binDir: besideExecutable, kill: kill,
		programs: programs}
	return t.run(stop, os.Args[1:])
}

const toolName = "workshop"

// tool holds what the commands need from the process. Tests fill it in themselves.
type tool struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string               // as of [os.Environ]
	binDir         func() (string, error) // where the services' binaries are
	programs       map[string]func()      // that this executable is as well
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
	text := "workshop: " + t.words(err.Error()) + "\n" // which may quote a broker
	if service.IsTerminal(t.stderr) {
		text = service.SafeLines(text)
	}
	_, ran := errors.AsType[*runError](err)
	if !ran { // cobra refused the command line, and does not say where to look
		text += t.words(fmt.Sprintf("see «%s --help»", cmd.CommandPath())) + "\n"
	}
	io.WriteString(t.stderr, fold.Lines(text, fold.Columns(t.stderr, t.lookup), 0))
	if _, usage := errors.AsType[service.UsageError](err); usage || !ran {
		return service.ExitUsage
	}
	return service.ExitFailed
}

// runError marks an error of a command that ran. Every other error is about the command line, for which cobra has no
// type.
type runError struct{ error }

func (e *runError) Unwrap() error { return e.error }

// running adapts f to cobra and marks its error as one of a command that ran.
func running(f func(cmd *cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if err := f(cmd); err != nil {
			return &runError{err}
		}
		return nil
	}
}

// words returns an English sentence in the language of WORKSHOP_LANG. A wrong one is an error of the commands that have texts.
func (t *tool) words(english string) string {
	lang, _ := t.lang()
	return service.Words(lang, english)
}

// remark writes a sentence of the tool to standard error.
func (t *tool) remark(english string) { fmt.Fprintln(t.stderr, "workshop:", t.words(english)) }

// lookup reads the tool's environment.
func (t *tool) lookup(name string) (string, bool) { return local.Lookup(t.environ, name) }

// besideExecutable returns the folder of this program, also when a link to it was called.
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

// printJSON prints a value on standard output, indented.
func (t *tool) printJSON(v any) error {
	encoder := json.NewEncoder(t.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
