package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
)

const execName = "exec"

// programOf returns which of the programs a command line calls, by its own name or by «workshop exec NAME», and the command line
// that the program is to see; nil if it calls none.
func programOf(programs map[string]func(), args []string) (run func(), seen []string) {
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	if run := programs[name]; run != nil {
		return run, args
	}
	if len(args) > 2 && args[1] == execName {
		return programs[args[2]], args[2:]
	}
	return nil, args
}

// execCommand is for the help, the completion and the refusals: [Main] has run a program that there is.
func (t *tool) execCommand() *cobra.Command {
	names := slices.Sorted(maps.Keys(t.programs))
	return &cobra.Command{
		Use:   execName + " PROGRAM [ARG...]",
		Short: "Run one of the programs that this file holds",
		Long: "exec runs one of the programs that this file holds, with its own flags. A link to this file, or a copy, with the\n" +
			"name of a program is that program.\n\nPrograms: " + strings.Join(names, ", "),
		Example: "  workshop exec producer --pace 0\n" +
			"  workshop exec producer --help",
		ValidArgs:          names,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && slices.Contains([]string{"-h", "--help"}, args[0]) {
				return cmd.Help()
			}
			what := "exec: no program"
			if len(args) > 0 {
				what = fmt.Sprintf("exec: there is no program %q", args[0])
			}
			return &runError{service.UsageError(what + "; accepted: " + strings.Join(names, ", "))}
		},
	}
}
