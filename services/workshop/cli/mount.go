package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin"
	"workshop.example/workshop/local"
)

// adminCommands are those that look at a cluster and change it, with the manners of this tool.
func (t *tool) adminCommands() []*cobra.Command {
	commands := t.admin().Commands()
	for _, cmd := range commands {
		mannered(cmd)
	}
	return commands
}

// admin is what those commands get from this process.
func (t *tool) admin() *admin.Tool {
	return &admin.Tool{
		Stdin: t.stdin, Stdout: t.stdout, Stderr: t.stderr, Standard: local.StandardTopics(),
		Ecommerce: func() ([]kafka.Topic, error) { return local.EcommerceTopics(t.environ) },
		Columns:   func() int { return fold.Columns(t.stdout, t.lookup) },
		Cluster:   func(flag string) (kafka.Cluster, error) { return t.cluster(flag, "--bootstrap-servers") },
	}
}

// mannered lets a command print its help, and refuse slips, as the others do.
func mannered(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := run(cmd, args); err != nil {
				return &runError{err}
			}
			return nil
		}
		return
	}
	cmd.Args = noSuchCommand
	cmd.RunE = running(func(cmd *cobra.Command) error { return cmd.Help() })
	cmd.SuggestionsMinimumDistance = 2 // cobra sets it for the root only
	for _, sub := range cmd.Commands() {
		mannered(sub)
	}
}

// noSuchCommand refuses a word behind a command that only has subcommands. Cobra itself would print
// the help and exit with 0: a script with a slip in it would go on.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	wrong := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		for i, name := range near {
			near[i] = fmt.Sprintf("«%s %s»", cmd.CommandPath(), name)
		}
		wrong += "; did you mean " + strings.Join(near, ", or ") + "?"
	}
	return errors.New(wrong)
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
	for _, v := range env.Ignored() {
		fmt.Fprintf(t.stderr, "%s: warning: %s=%s is ignored: %s\n", toolName, v.Name, v.Value, v.Because)
	}
	return cluster, env.Err()
}
