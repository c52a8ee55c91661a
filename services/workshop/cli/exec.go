package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/local"
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
			"name of a program is that program: exec --link makes a hard link for each, in the folder of this file.\n\n" +
			"Programs: " + strings.Join(names, ", "),
		Example: "  workshop exec producer --pace 0\n" +
			"  workshop exec producer --help\n" +
			"  workshop exec --link         then: producer --pace 0",
		ValidArgs:          names,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && slices.Contains([]string{"-h", "--help"}, args[0]) {
				return cmd.Help()
			}
			if slices.Equal(args, []string{"--link"}) {
				return t.link(names)
			}
			what := "exec: no program"
			if len(args) > 0 {
				what = fmt.Sprintf("exec: there is no program %q", args[0])
			}
			return &runError{service.UsageError(what + "; accepted: " + strings.Join(names, ", "))}
		},
	}
}

// link gives this file the names of the programs too.
func (t *tool) link(programs []string) error {
	self, err := os.Executable()
	if err != nil {
		return &runError{err}
	}
	if err := linkTo(self, programs); err != nil {
		return &runError{err}
	}
	fmt.Fprintln(t.stdout, t.words(fmt.Sprintf("%d programs in %s", len(programs), filepath.Dir(self))))
	return nil
}

// linkTo makes a hard link to a file, beside it, for each name. What is linked already stays; another file of a name is an error, and
// stays too.
func linkTo(file string, names []string) error {
	own, err := os.Stat(file)
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range names {
		path := local.Binary(filepath.Dir(file), name)
		err := os.Link(file, path)
		if errors.Is(err, fs.ErrExist) {
			if other, statErr := os.Stat(path); statErr == nil && os.SameFile(own, other) {
				err = nil
			} else {
				err = fmt.Errorf("%s is another file: remove it first", path)
			}
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
