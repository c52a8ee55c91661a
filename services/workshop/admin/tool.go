// Package admin is the part of the workshop's tool that looks at a cluster and changes it: topics,
// messages, consumer groups and dead letters. It is for learning what Kafka's own tools show, so it
// uses their words, and adds what they leave out.
package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/screen"
)

// ClientID is what brokers, and other people's «groups describe», see of this program.
const ClientID = "workshop"

// Tool is what the commands get from the process.
type Tool struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Columns        func() int    // the width of the terminal behind Stdout; nil, or 0: it goes to none
	Standard       []kafka.Topic // the topics that apply creates where none are named
	// Ecommerce are those of the e-commerce system. The error is wrong use.
	Ecommerce func() ([]kafka.Topic, error)
	// Cluster is the one that the flag --bootstrap-servers names, or else the environment.
	Cluster func(flag string) (kafka.Cluster, error)
}

// Commands are the commands to mount under the root. Those without a RunE only have subcommands.
func (t *Tool) Commands() []*cobra.Command {
	return []*cobra.Command{ClusterCommand(t), TopicsCommand(t), GroupsCommand(t), ProduceCommand(t), ConsumeCommand(t), DLQCommand(t)}
}

// BootstrapFlag adds --bootstrap-servers to a command and its subcommands.
func BootstrapFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().String("bootstrap-servers", "",
		"brokers to ask first, host:port, comma separated\n(default: BOOTSTRAP_SERVERS, kafka_host_url, "+kafka.DefaultBrokers+")")
	cmd.RegisterFlagCompletionFunc("bootstrap-servers", cobra.NoFileCompletions)
}

// Options are what the commands that ask a cluster have in common.
type Options struct {
	*Tool
	bootstrap string        // as given; "" if not
	Timeout   time.Duration // for all that the command asks
	Output    string        // table or json
	Changes   bool          // the cluster, so that without an answer nobody knows whether it was changed
}

// defaultTimeout is long for a cluster that is up, and short for a person in front of one that is not.
const defaultTimeout = 10 * time.Second

// Work is what a command does.
type Work func(ctx context.Context, o *Options, args []string) error

// Bind adds the common flags to a command, and makes run its work.
func (t *Tool) Bind(cmd *cobra.Command, run Work) *Options {
	o := t.BindLasting(cmd, run)
	cmd.Flags().DurationVar(&o.Timeout, "timeout", defaultTimeout, "how long to wait for the brokers' answers, in all")
	cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions)
	return o
}

// BindLasting is options for a command that goes on after the brokers' answers: its time has no limit.
func (t *Tool) BindLasting(cmd *cobra.Command, run Work) *Options {
	o := &Options{Tool: t, Timeout: defaultTimeout, Output: "table"}
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains([]string{"table", "json"}, o.Output) {
			return service.UsageError(fmt.Sprintf("--output %q: accepted: table, json", o.Output))
		}
		if o.Timeout <= 0 {
			return service.UsageError("--timeout has to be greater than 0")
		}
		if o.bootstrap, _ = cmd.Flags().GetString("bootstrap-servers"); o.bootstrap == "" && cmd.Flags().Changed("bootstrap-servers") {
			// What is meant for another cluster must not reach the default one.
			return service.UsageError("--bootstrap-servers is empty: is a variable not set? accepted: host:port, comma separated")
		}
		return run(cmd.Context(), o, args)
	}
	return o
}

// OutputFlag adds -o.
func (o *Options) OutputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.Output, "output", "o", "table", "table or json")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
}

// Cluster is the cluster that --bootstrap-servers names, or else the environment.
func (o *Options) Cluster() (kafka.Cluster, error) { return o.Tool.Cluster(o.bootstrap) }

// Print writes value as JSON, or what table writes, its columns aligned. Each write of table has to be one line.
// On a terminal, columns give way where there are too many: see [screen.Table].
func (o *Options) Print(value any, table func(w io.Writer)) error {
	if o.Output == "json" {
		return WriteJSON(o.Stdout, value, "  ")
	}
	var text strings.Builder
	table(service.Guard(&text, service.IsTerminal(o.Stdout)))
	dropped, err := screen.Table(o.Stdout, text.String(), o.Width())
	if err == nil && len(dropped) > 0 {
		o.Note("the terminal is too narrow for %s: a wider one shows all, and so does -o json", strings.Join(dropped, ", "))
	}
	return err
}

// Width is the width of the terminal; 0 where the output goes to none.
func (t *Tool) Width() int {
	if t.Columns == nil {
		return 0
	}
	return t.Columns()
}

// Say writes a line of the result.
func (t *Tool) Say(format string, args ...any) error {
	_, err := fmt.Fprintf(service.Guard(t.Stdout, service.IsTerminal(t.Stdout)), format+"\n", args...)
	return err
}

// One wants the name of one thing on the command line.
func One(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return service.UsageError(fmt.Sprintf("name exactly one %s (got %d)", kind, len(args)))
		}
		return Legal(kind, args)
	}
}

// Some wants at least one name.
func Some(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return service.UsageError("name the " + kind)
		}
		return Legal(kind, args)
	}
}

// Legal wants names that can be there, before anybody is asked: a name is empty where a script's variable is not set.
func Legal(kind string, names []string) error {
	for _, name := range names {
		if strings.HasPrefix(kind, "topic") && !service.LegalTopic(name) {
			return IllegalTopic(name)
		}
		if name == "" {
			return service.UsageError("a group's name is empty: is a variable not set?")
		}
	}
	return nil
}

// NoDefault keeps a number's default out of the help: it stands for "not given".
func NoDefault(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		cmd.Flags().Lookup(name).DefValue = "0" // which pflag does not print
	}
}

// Note says something that is not the result.
func (t *Tool) Note(format string, args ...any) {
	line := service.Safe(fmt.Sprintf("workshop: "+format, args...))
	fmt.Fprintln(t.Stderr, strings.Join(fold.Line(line, t.Width(), 4), "\n"))
}

// Waiting says on standard error what a command waits for.
func (t *Tool) Waiting(cause error) { t.Note("waiting: %v", cause) }

const startCluster = "start the cluster (docker compose up -d, or workshop up), or name another with --bootstrap-servers"

// Ask connects to the cluster and puts question to it, all within the command's time-out.
func Ask[T any](ctx context.Context, o *Options, question func(ctx context.Context, s *Session) (T, error)) (T, error) {
	var none T
	cluster, err := o.Cluster()
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	s, err := Connect(ctx, cluster, cluster.AdminConfig(ClientID))
	if err != nil {
		return none, o.explain(ctx, err, cluster)
	}
	defer s.Close()
	// Sarama's calls take no context; they end by themselves, unless the process does first.
	answer, err := kafka.Interruptible(ctx, func() (T, error) { return question(ctx, s) })
	if err != nil && ctx.Err() != nil {
		return none, o.explain(ctx, err, cluster)
	}
	return answer, err
}

// Dial connects a client that stays: it survives the change of a leader. The topic is known to exist.
func (o *Options) Dial(ctx context.Context, topic string, set func(*sarama.Config)) (sarama.Client, error) {
	cluster, err := o.Cluster()
	if err != nil {
		return nil, err
	}
	conf := cluster.Config(ClientID)
	set(conf)
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	for {
		client, err := cluster.DialOnce(ctx, conf, topic)
		if err == nil {
			return client, nil
		}
		// The controller knows the topic; if it has just created it, other brokers hear of it in a moment.
		if !errors.Is(err, sarama.ErrUnknownTopicOrPartition) || service.Sleep(ctx, 50*time.Millisecond) != nil {
			return nil, o.explain(ctx, err, cluster)
		}
	}
}

// explain adds to an error of the connection what to do about it.
func (o *Options) explain(ctx context.Context, err error, cluster kafka.Cluster) error {
	brokers := strings.Join(cluster.Brokers, ",")
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		perhaps := ""
		if o.Changes {
			perhaps = " (what was asked for may be done all the same)"
		}
		return fmt.Errorf("%s: no answer within %s%s; allow more with --timeout, or look at the brokers' logs", brokers, o.Timeout, perhaps)
	case ctx.Err() != nil:
		return errors.New("interrupted before the cluster had answered")
	}
	if _, ok := errors.AsType[*kafka.UnreachableError](err); ok {
		return err // which has its own remedy
	}
	return fmt.Errorf("%w; %s. «workshop doctor --brokers %s» says more", err, startCluster, brokers)
}
