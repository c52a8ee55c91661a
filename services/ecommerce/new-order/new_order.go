// New-order sends orders, as NewOrderMain does.
//
//	topic out: ECOMMERCE_NEW_ORDER
//	key:       the customer's e-mail address: the orders of one customer stay in one partition
//	delivery:  an order counts as sent when every in-sync replica has it (idempotent, acks=all); one
//	           without an answer is counted as unknown: it may be there
package neworder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/fold"
	"workshop.example/kit/service"
)

const name = "new-order"

// Main runs the new-order, and exits.
func Main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel) // a second Ctrl-C ends the program as it does any other
	c := &command{stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv}
	os.Exit(c.run(ctx, os.Args[1:]))
}

// command is what the program gets from its process; a test fills it in itself.
type command struct {
	stdout, stderr io.Writer
	lookup         func(string) (string, bool)
}

// runError is an error of a command that ran, so that every other error is one of the command line.
type runError struct{ error }

func (e *runError) Unwrap() error { return e.error }

// run executes one command line and returns the exit code.
func (c *command) run(ctx context.Context, args []string) int {
	cmd := c.cobra()
	cmd.SetArgs(args)
	cmd.SetOut(c.stdout)
	cmd.SetErr(c.stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return service.ExitOK
	}
	fmt.Fprintf(c.stderr, "%s: %v\n", name, err)
	_, ran := errors.AsType[*runError](err)
	if !ran {
		fmt.Fprintf(c.stderr, "see «%s --help»\n", name)
	}
	if _, usage := errors.AsType[service.UsageError](err); usage || !ran {
		return service.ExitUsage
	}
	return service.ExitFailed
}

// plan is what is to be sent.
type plan struct {
	orders int
	rate   float64 // a second; 0: as fast as it goes
	users  int
	seed   uint64
}

// The bounds keep a typing mistake from filling the memory, or a disk.
const (
	maxOrders = 10_000_000
	maxUsers  = 1_000_000
	maxRate   = 1_000_000
)

func (p plan) check() error {
	switch {
	case p.orders < 1 || p.orders > maxOrders:
		return service.UsageError(fmt.Sprintf("--orders %d: accepted: 1 to %d", p.orders, maxOrders))
	case p.users < 1 || p.users > maxUsers:
		return service.UsageError(fmt.Sprintf("--users %d: accepted: 1 to %d", p.users, maxUsers))
	case !(p.rate >= 0 && p.rate <= maxRate): // NaN is neither
		return service.UsageError(fmt.Sprintf("--rate %v: accepted: 0 to %d", p.rate, maxRate))
	}
	return nil
}

var parsing = regexp.MustCompile(`strconv\.\w+: parsing ".*?": `)

func (c *command) cobra() *cobra.Command {
	var p plan
	var bootstrap string
	cmd := &cobra.Command{
		Use:   name,
		Short: "Send new orders",
		Long: "new-order sends ten orders of one customer to ECOMMERCE_NEW_ORDER, or as many as wanted, and says how many\n" +
			"of them the brokers have confirmed.\n\n" +
			"Environment: BOOTSTRAP_SERVERS, KAFKA_PROXY, TOPIC_PREFIX, WORKSHOP_LANG.\n\n" +
			"Exit codes: 0 all confirmed, or stopped by a signal with nothing left unknown; 1 failed; 2 wrong use.",
		Example: `  new-order
  new-order --orders 10000 --rate 500 --users 50
  new-order --seed 7 --bootstrap-servers localhost:9092`,
		Version:       strings.TrimPrefix(service.VersionLine(name), name+" "),
		Args:          cobra.NoArgs,
		SilenceUsage:  true, // a page of flags hides what went wrong
		SilenceErrors: true, // run prints them, once
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return errors.New(parsing.ReplaceAllString(err.Error(), ""))
	})
	cmd.SetHelpFunc(c.help)
	flags := cmd.Flags()
	flags.IntVar(&p.orders, "orders", 10, "how many orders")
	flags.Float64Var(&p.rate, "rate", 0, "orders a second; 0: as fast as it goes")
	flags.IntVar(&p.users, "users", 1, "how many customers they come from")
	flags.Uint64Var(&p.seed, "seed", 0, "repeats the customers and amounts of a run, never its orders' ids (default random, printed)")
	flags.StringVar(&bootstrap, "bootstrap-servers", "", "brokers, host:port, comma separated (default BOOTSTRAP_SERVERS)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := p.check(); err != nil {
			return &runError{err}
		}
		if !flags.Changed("seed") {
			p.seed = rand.Uint64()
		}
		if err := c.send(cmd.Context(), p, bootstrap); err != nil {
			return &runError{err}
		}
		return nil
	}
	return cmd
}

// help writes what cobra's own help says, as wide as the terminal.
func (c *command) help(cmd *cobra.Command, _ []string) {
	w := cmd.OutOrStdout()
	width := fold.Width(w, c.lookup)
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n\nExamples:\n%s\n\nFlags:\n%s", fold.Prose(cmd.Long, width), cmd.UseLine(),
		fold.Prose(cmd.Example, width), cmd.LocalFlags().FlagUsagesWrapped(width))
}

// send reads the environment and works the plan off.
func (c *command) send(ctx context.Context, p plan, bootstrap string) error {
	env := service.NewEnv(func(variable string) (string, bool) {
		if variable == "BOOTSTRAP_SERVERS" && bootstrap != "" {
			return bootstrap, true
		}
		return c.lookup(variable)
	})
	settings, lang := stream.SendingFromEnv(env), env.Lang()
	if err := env.Err(); err != nil {
		return err
	}
	return (&dispatch{plan: p, settings: settings, lang: lang, stdout: c.stdout, stderr: c.stderr}).run(ctx)
}
