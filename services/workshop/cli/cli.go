// Package cli is the command line of the tool: flags, help, exit codes and signals. What its commands do is in other
// packages.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workshop.example/kit/fold"
	"workshop.example/kit/nearest"
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

func (t *tool) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "workshop",
		Short: "The Kafka workshop without Docker, and the administration of any cluster",
		Long: "workshop runs the whole workshop without Docker, its labs and its drills, and looks at any cluster and\n" +
			"changes it: topics, messages, consumer groups and dead letters.\n\n" +
			"Sentences fold to the width of the terminal, or to COLUMNS where that is set.\n\n" +
			"Exit codes: 0 done, or whoever reads the output has seen enough (head); 1 failed, 2 wrong use.\n\n" +
			"What comes from a cluster is printed as it is to a file or a pipe, and with -o json. On a terminal control\n" +
			"characters are shown as escapes.",
		Example: "  workshop up                  brokers, topics and all four services; Ctrl-C stops them\n" +
			"  workshop up --ecommerce      the e-commerce system instead, and its page\n" +
			"  workshop topics list\n" +
			"  workshop consume transactions --from-beginning --verbose\n" +
			"  workshop groups describe --all-groups\n" +
			"  workshop completion bash     for bash, zsh, fish or powershell",
		// Cobra writes the name before it. A template of our own costs 5 MB: the linker then keeps every method.
		Version:       strings.TrimPrefix(service.VersionLine(toolName), toolName+" "),
		SilenceUsage:  true, // a page of flags hides what went wrong
		SilenceErrors: true, // run prints them, once
		Args:          noSuchCommand,
		RunE:          running(func(cmd *cobra.Command) error { return cmd.Help() }),
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpFunc(t.help)
	root.AddCommand(t.upCommand(), t.labCommand(), t.drillCommand(), t.resetCommand(), t.benchCommand(), t.doctorCommand(), guardCommand(), versionCommand())
	root.AddCommand(t.adminCommands()...)
	return root
}

// wrongFlag is an error of the flags, without the function of Go that could not read a number, and with
// the flags that were perhaps meant.
func wrongFlag(cmd *cobra.Command, err error) error {
	text := parsing.ReplaceAllString(err.Error(), "")
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := nearest.Names(unknown.GetSpecifiedName(), names); len(near) > 0 {
			text += "; did you mean --" + strings.Join(near, ", or --") + "?"
		}
	}
	return errors.New(text)
}

var parsing = regexp.MustCompile(`strconv\.\w+: parsing ".*?": `)

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

// sameStop is how long further signals count as the first: timeout(1) signals its child and then
// the whole group that the child is in, and nobody presses Ctrl-C twice this fast.
const sameStop = 300 * time.Millisecond

// lastResort is longer than a command ever takes to stop; only a reader of our output that has stalled
// can hold us beyond it. Ending then closes the pipes of the services, which stop by themselves. A lab
// that has killed a broker starts it again first, and says so here.
var lastResort atomic.Int64 // a time.Duration

func init() { lastResort.Store(int64(8 * time.Second)) }

// untilStopped returns a context that ends with the first SIGINT, SIGTERM or SIGHUP, and one that
// ends with the next SIGINT or SIGTERM.
func untilStopped() (stop, kill context.Context) {
	stop, cancelStop := context.WithCancel(context.Background())
	kill, cancelKill := context.WithCancel(context.Background())
	// «workshop up | head» must not kill us on the spot, messages unsaved: taking the signal turns it
	// into an error of the write, on which up stops as it does on Ctrl-C.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		first := time.Now()
		cancelStop()
		time.AfterFunc(time.Duration(lastResort.Load()), func() {
			go fmt.Fprintln(os.Stderr, "workshop: still not stopped: giving up") // which may stall as well
			time.Sleep(100 * time.Millisecond)
			os.Exit(service.ExitFailed)
		})
		for sig := range signals {
			if sig != syscall.SIGHUP && time.Since(first) > sameStop {
				cancelKill()
			}
		}
	}()
	return stop, kill
}
