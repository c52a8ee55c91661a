package cli

import (
	"errors"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

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
		Example: "  workshop up                  brokers, topics, the programs and the class board; Ctrl-C stops them\n" +
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
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpFunc(t.help)
	root.AddCommand(t.upCommand(), t.labCommand(), t.drillCommand(), t.resetCommand(), t.doctorCommand(), t.certsCommand())
	root.AddCommand(guardCommand(), versionCommand())
	root.AddCommand(t.adminCommands()...)
	if len(t.programs) > 0 {
		root.AddCommand(t.execCommand())
	}
	return root
}

// completeFiles completes the names of files, which the root does not do by default.
var completeFiles = cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)

// wrongFlag rewords an error about flags: it leaves out which function of Go could not read a number, and suggests
// similar flags.
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
