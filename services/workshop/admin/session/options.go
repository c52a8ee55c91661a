package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// Options are the options that commands have in common.
type Options struct {
	*Tool
	bootstrap string        // the value of --bootstrap-servers
	Timeout   time.Duration // of all requests together
	Output    string        // table or json
	rights    []kafka.Right // that the command needs
	Changes   bool          // the command changes the cluster, which may have happened even if no answer comes
}

// defaultTimeout is long for a cluster that is up, and short for someone in front of one that is not.
const defaultTimeout = 10 * time.Second

// Work is what a command does, with the options and arguments of the command line.
type Work func(ctx context.Context, o *Options, args []string) error

// Bind makes a command run its work, with --timeout as the limit of all requests.
func (t *Tool) Bind(cmd *cobra.Command, run Work) *Options {
	o := t.BindLasting(cmd, run)
	cmd.Flags().DurationVar(&o.Timeout, "timeout", defaultTimeout, "how long to wait for the brokers' answers, in all")
	return o
}

// BindLasting is Bind without the flag --timeout, for commands that go on when the brokers have answered.
func (t *Tool) BindLasting(cmd *cobra.Command, run Work) *Options {
	o := &Options{Tool: t, Timeout: defaultTimeout, Output: "table"}
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
		return kafka.Denied(run(cmd.Context(), o, args), o.rights...)
	}
	return o
}

// Needs says which right the command needs, for the error if its user does not have it. The first one of a resource counts.
func (o *Options) Needs(operation, resource string, names ...string) {
	if len(names) == 0 {
		names = []string{""} // of the cluster
	}
	for _, name := range names {
		o.rights = append(o.rights, kafka.Right{Operation: operation, Resource: resource, Name: name})
	}
}

// NoteHidden notes why a list may be empty: brokers leave out what their user may not see.
func (o *Options) NoteHidden(resource string) {
	if cluster, err := o.Cluster(); err == nil && cluster.Security != nil && cluster.Security.SASL != nil {
		o.Note("a %s is listed only where this user has DESCRIBE on it (kafka-acls --add --operation Describe --%[1]s NAME)", resource)
	}
}

// BootstrapFlag adds the flag --bootstrap-servers to a command and its subcommands.
func BootstrapFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().String("bootstrap-servers", "",
		"brokers to ask first, host:port, comma separated\n(default: BOOTSTRAP_SERVERS, kafka_host_url, "+kafka.DefaultBrokers+")")
}

// OutputFlag adds the flag --output to a command that prints with [Options.Print].
func (o *Options) OutputFlag(cmd *cobra.Command) { o.outputFlag(cmd, "table or json") }

// LinesFlag adds the flag --output to a command that prints lines. The usage says what a line of JSON is.
func (o *Options) LinesFlag(cmd *cobra.Command, usage string) {
	o.outputFlag(cmd, "table, or json: "+usage)
}

func (o *Options) outputFlag(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVarP(&o.Output, "output", "o", "table", usage)
	Choices(cmd, "output", "table", "json")
}

// Choices makes the shell complete the values of a flag.
func Choices(cmd *cobra.Command, flag string, values ...cobra.Completion) {
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// NoDefault hides the defaults of numeric flags whose default means that the flag was not given.
func NoDefault(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		cmd.Flags().Lookup(name).DefValue = "0" // which pflag does not print
	}
}

// Cluster returns the cluster that --bootstrap-servers names, or else the environment.
func (o *Options) Cluster() (kafka.Cluster, error) { return o.Tool.Cluster(o.bootstrap) }

// One accepts exactly one argument, the name of a thing of that kind.
func One(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return service.UsageError(fmt.Sprintf("name exactly one %s (got %d)", kind, len(args)))
		}
		return LegalNames(kind, args)
	}
}

// Some accepts one or more arguments, the names of things of that kind.
func Some(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return service.UsageError("name the " + kind)
		}
		return LegalNames(kind, args)
	}
}

// LegalNames returns an error if no topic or no group can have one of the names, before a cluster is asked. A name is empty where a
// variable of a script is not set.
func LegalNames(kind string, names []string) error {
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

// Missing returns the error for a name that does not exist, which suggests similar ones of all.
func Missing(kind, name string, all []string, remedy string) error {
	if near := nearest.Names(name, all); len(near) > 0 {
		remedy = fmt.Sprintf("did you mean %s? %s", service.Safe(strings.Join(near, ", or ")), remedy)
	}
	return &missingError{kind, name, remedy}
}

// missingError is a name that does not exist, or that the user may not see.
type missingError struct{ kind, name, remedy string }

func (e *missingError) Error() string {
	return fmt.Sprintf("%s %s does not exist; %s", e.kind, e.name, e.remedy)
}
