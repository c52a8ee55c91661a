package cli

import (
	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/workshop/admin"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/local"
)

// adminCommands returns the commands that inspect and change a cluster.
func (t *tool) adminCommands() []*cobra.Command {
	commands := admin.Commands(t.admin())
	for _, cmd := range commands {
		rejectUnknownSubcommands(cmd)
	}
	return commands
}

// admin returns what those commands need from this process.
func (t *tool) admin() *session.Tool {
	lang, _ := t.lang() // what is wrong with it says run
	return &session.Tool{
		Stdin: t.stdin, Stdout: t.stdout, Stderr: t.stderr, Lang: lang, Standard: local.StandardTopics(),
		Ecommerce: func() ([]kafka.Topic, error) { return local.EcommerceTopics(t.environ) },
		Columns:   func() int { return fold.Columns(t.stdout, t.lookup) },
		Cluster:   func(flag string) (kafka.Cluster, error) { return t.cluster(flag, "--bootstrap-servers") },
	}
}
