// Package service starts and stops the workshop's programs: environment, logs, signals, exit codes
// and the operations endpoint. It is a library, not a framework: a service's own run function
// stays in control between start and stop.
package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/wait"
)

// Version is set by the linker: -ldflags "-X workshop.example/kit/service.Version=v1.2.3".
var Version = "dev"

// Exit codes, the same for every program. 137 (128 + SIGKILL) is what a crash on cue uses.
const (
	ExitOK     = 0 // done, or stopped by a signal with nothing left unknown
	ExitFailed = 1
	ExitUsage  = 2
)

// UsageError is wrong use: bad flags, bad environment, impossible input. It exits with 2.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// About describes a program in its --help.
type About struct {
	Name    string
	Summary string // a paragraph
	Example string // indented by two spaces, a command a line
}

// Main runs a service and exits the process: it is the only place that does.
//
// configure reads the environment, in which flags have taken the place of variables, and run works until its context ends (SIGINT,
// SIGTERM, or the end of standard input with --stop-on-eof) or its work is done. Configure is not given the context
// because it must not do anything but read: --help calls it to list the variables.
func Main[C any](about About, configure func(*Env) C, run func(context.Context, C, *Process) error) {
	os.Exit(start(about, configure, run))
}

// settings are those that every program has, and its own.
type settings[C any] struct {
	own                     C
	opsAddr, history, level string
	lang                    Lang
}

func read[C any](env *Env, configure func(*Env) C) settings[C] {
	return settings[C]{
		own:     configure(env),
		opsAddr: env.HostPort("OPS_ADDR", "", "where /metrics, /livez and /readyz are served"),
		lang:    env.Lang(),
		history: env.Text("HISTORY", "", "a file", "where each step is written, as it happens, a JSON line each"),
		level:   env.OneOf("LOG_LEVEL", "info", []string{"debug", "info", "warn", "error"}, "least severe log line on standard error"),
	}
}

func start[C any](about About, configure func(*Env) C, run func(context.Context, C, *Process) error) int {
	env := NewEnv(os.LookupEnv)
	set := read(env, configure)

	flags := flag.NewFlagSet(about.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // refused says what is wrong, without a page of help around it
	version := flags.Bool("version", false, "print the version and exit")
	stopOnEOF := flags.Bool("stop-on-eof", false, "stop when standard input ends, as if by SIGTERM (for a supervisor)")
	given := env.addFlags(flags)
	if len(os.Args) > 1 && (os.Args[1] == "--help" || os.Args[1] == "-h" || os.Args[1] == "-help" || os.Args[1] == "help") {
		usage(os.Stdout, about, flags, env)
		return ExitOK
	}
	if err := flags.Parse(os.Args[1:]); err != nil {
		return refused(set.lang, about.Name, mistyped(err, flags))
	}
	if *version {
		fmt.Println(VersionLine(about.Name))
		return ExitOK
	}
	if len(given) > 0 {
		env = env.with(given)
		set = read(env, configure)
	}
	if flags.Arg(0) == "healthcheck" && flags.NArg() == 1 {
		return healthcheck(set.opsAddr)
	}
	if flags.NArg() > 0 {
		return refused(set.lang, about.Name, unknownArgument(flags.Arg(0), about.Name, env))
	}
	if err := env.Err(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", about.Name, Words(set.lang, err.Error()))
		return ExitUsage
	}

	ops := NewOps(about.Name)
	p := &Process{Name: about.Name, Lang: set.lang, Out: NewLines(os.Stdout), Log: newLog(os.Stderr, set.level), Ops: ops}
	for _, v := range env.Ignored() {
		p.Log.Warn("a variable is ignored", "variable", v.Name, "value", v.Value, "because", v.Because)
	}
	if set.history != "" {
		var err error
		p.History, err = history.Open(set.history, about.Name, func(err error) {
			p.Log.Error("the history ends here, and a verdict on it would be wrong: make room, and start anew", "error", err)
		})
		if err != nil {
			p.Log.Error("cannot write HISTORY: choose a file that can be written", "error", err)
			return ExitUsage
		}
		defer p.History.Close()
	}
	if err := ops.Listen(set.opsAddr); err != nil {
		p.Log.Error("cannot serve OPS_ADDR: choose another port, or leave it empty", "error", err)
		return ExitFailed
	}
	defer ops.Close()

	var stdin io.Reader
	if *stopOnEOF {
		stdin = os.Stdin
	}
	ctx, cancel := untilStopped(p.Log, stdin)
	defer cancel()
	return exitCode(ctx, run(ctx, set.own, p), p)
}

// sameStop is how long further signals count as the first: Ctrl-C reaches a service from the
// terminal and, as the end of its standard input, from its supervisor; timeout(1) signals twice.
const sameStop = 500 * time.Millisecond

// stopLimit is how long a stop may take: wait.Grace, and the time to close connections. Docker kills after 10 s.
// It is a variable for the sake of the tests.
var stopLimit = wait.Grace + 1500*time.Millisecond

// untilStopped returns a context that ends with the first SIGINT or SIGTERM, or with the end of
// stdin where that is not nil. A second signal ends the process at once, and so does a stop that
// takes longer than stopLimit: a process that says so is worth more than one that is killed in silence.
func untilStopped(log *slog.Logger, stdin io.Reader) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
		began := time.Now()
		deadline := time.After(stopLimit)
		for {
			select {
			case <-signals:
				if time.Since(began) < sameStop {
					continue
				}
				log.Error("stopped by a second signal before the work under way was finished")
			case <-deadline:
				log.Error("still not stopped: giving up")
			}
			os.Exit(ExitFailed)
		}
	}()
	if stdin != nil {
		go func() { io.Copy(io.Discard, stdin); cancel() }()
	}
	return ctx, cancel
}

func exitCode(ctx context.Context, err error, p *Process) int {
	p.Out.Flush()
	var usage UsageError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return ExitOK
	case errors.As(err, &usage):
		p.Log.Error("wrong use", "error", err)
		return ExitUsage
	default:
		p.Log.Error("ended with an error", "error", err)
		return ExitFailed
	}
}

func newLog(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l}))
}

// VersionLine names the program, its version and commit, the Go version and the platform.
func VersionLine(name string) string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				commit = " " + s.Value[:12]
			}
		}
	}
	return fmt.Sprintf("%s %s%s (%s %s/%s)", name, Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
