package cli

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"mvdan.cc/sh/v3/shell"

	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
)

// ownScoreboard parses --scoreboard into the command's words, and returns the guard to put before them. No shell runs
// the command, so that it works the same where there is none.
func (r *experimentRun) ownScoreboard(l experiment.Spec) (words, guard []string, err error) {
	if !l.Student {
		var take []string
		for _, l := range lab.Labs.All() {
			if l.Student {
				take = append(take, l.Name)
			}
		}
		return nil, nil, service.UsageError(fmt.Sprintf(
			"--scoreboard: the lab %s takes no scoreboard of yours; these do: %s", l.Name, strings.Join(take, ", ")))
	}
	words, err = shell.Fields(r.scoreboard, func(name string) string { value, _ := r.lookup(name); return value })
	if err != nil {
		return nil, nil, service.UsageError(fmt.Sprintf(
			"--scoreboard %q: %v; accepted: one program and its arguments, such as 'python3 scoreBoard.py'", r.scoreboard, err))
	}
	if len(words) == 0 {
		return nil, nil, service.UsageError("--scoreboard: no command; accepted: one program and its arguments, such as 'python3 scoreBoard.py'")
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, nil, service.UsageError(fmt.Sprintf("--scoreboard: the program %q cannot be run: %v", words[0], err))
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	return words, []string{self, "guard", "--"}, nil
}
