package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

func (t *tool) topicsCommand() *cobra.Command {
	var bootstrap string
	cmd := &cobra.Command{
		Use:   "topics",
		Short: "Create and list topics, on any cluster",
		Args:  noSuchCommand,
		RunE:  running(func(cmd *cobra.Command) error { return cmd.Help() }),
	}
	cmd.SuggestionsMinimumDistance = 2 // cobra sets it for the root only
	flags := cmd.PersistentFlags()
	flags.StringVar(&bootstrap, "bootstrap-servers", "",
		"brokers to ask first, host:port, comma separated\n(default: BOOTSTRAP_SERVERS, kafka_host_url, "+kafka.DefaultBrokers+")")
	cmd.RegisterFlagCompletionFunc("bootstrap-servers", cobra.NoFileCompletions)
	cmd.AddCommand(t.applyCommand(&bootstrap), t.listCommand(&bootstrap))
	return cmd
}

// noSuchCommand refuses a word behind a command that only has subcommands. Cobra itself would print
// the help and exit with 0: a script with a slip in it would go on.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	for _, name := range cmd.SuggestionsFor(args[0]) {
		err = fmt.Errorf("%w; did you mean «%s %s»?", err, cmd.CommandPath(), name)
	}
	return err
}

// cluster is the one that the flag of that name names, or else the environment.
func (t *tool) cluster(flag, name string) (kafka.Cluster, error) {
	lookup := t.lookup
	if flag != "" {
		if _, err := service.SplitHostPorts(flag); err != nil {
			return kafka.Cluster{}, service.UsageError(fmt.Sprintf("%s: %v; accepted: host:port, comma separated", name, err))
		}
		lookup = func(name string) (string, bool) {
			switch name {
			case "BOOTSTRAP_SERVERS":
				return flag, true
			case "kafka_host_url":
				return "", false // the flag wins, so a mistake in it would be of no consequence
			}
			return t.lookup(name)
		}
	}
	env := service.NewEnv(lookup)
	cluster := kafka.ClusterFromEnv(env)
	return cluster, env.Err()
}

func (t *tool) applyCommand(bootstrap *string) *cobra.Command {
	var minBrokers int
	var timeout time.Duration
	var specs []string
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Create the workshop's topics, or others, where they are missing",
		Long: `apply waits for the brokers and then creates the workshop's topics where they are missing, with three replicas
or, with a warning, as many as there are brokers. Applying again changes nothing. With --topic it creates
the topics named instead, each with the topic for its dead letters (NAME.dlq), as the services expect them.

A topic that exists with other partitions or fewer replicas is never changed: it is reported on standard error,
and the exit code stays 0, because the programs work with it all the same.

Exit codes: 0 every topic is there; 1 not within the timeout, or interrupted; 2 wrong use.`,
		Example: `  workshop topics apply
  workshop topics apply --min-brokers 3 --timeout 2m
  workshop topics apply --bootstrap-servers localhost:19092
  workshop topics apply --topic my-topic:3     then: TOPIC=my-topic producer`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: running(func(cmd *cobra.Command) error {
			cluster, err := t.cluster(*bootstrap, "--bootstrap-servers")
			if err != nil {
				return err
			}
			if minBrokers < 1 || timeout <= 0 {
				return service.UsageError("--min-brokers and --timeout have to be greater than 0")
			}
			topics, err := parseTopics(specs)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			a := &applier{tool: t, cluster: cluster, topics: topics, minBrokers: minBrokers, timeout: timeout}
			return a.run(ctx)
		}),
	}
	cmd.Flags().StringArrayVar(&specs, "topic", nil, "topic to create instead, as NAME:PARTITIONS; may be given several times")
	cmd.RegisterFlagCompletionFunc("topic", cobra.NoFileCompletions)
	cmd.Flags().IntVar(&minBrokers, "min-brokers", 1, "wait until this many brokers are registered")
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "how long to wait for brokers and topics in all")
	cmd.RegisterFlagCompletionFunc("min-brokers", cobra.NoFileCompletions)
	cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions)
	return cmd
}

func (t *tool) listCommand(bootstrap *string) *cobra.Command {
	var internal bool
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the topics of a cluster",
		Example: `  workshop topics list
  workshop topics list --internal
  workshop topics list -o json | jq -r '.[].topic'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: running(func(cmd *cobra.Command) error {
			cluster, err := t.cluster(*bootstrap, "--bootstrap-servers")
			if err != nil {
				return err
			}
			print, ok := listFormats[format]
			if !ok {
				return service.UsageError(fmt.Sprintf("--output %q: accepted: table, json", format))
			}
			topics, err := listTopics(cmd.Context(), cluster, internal)
			if err != nil {
				return err
			}
			return print(t.stdout, topics)
		}),
	}
	cmd.Flags().BoolVar(&internal, "internal", false, "also Kafka's own topics, whose names begin with __")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
