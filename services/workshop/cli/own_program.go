package cli

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"mvdan.cc/sh/v3/shell"

	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/student"
)

// ownProgram is a flag that puts a program of the student's own in the place of one of ours.
type ownProgram struct {
	role, usage, example string
	says                 service.Text
}

var ownPrograms = []ownProgram{
	{student.Scoreboard, "judge a scoreboard of your own: its command, as a shell would read it (on Windows with / in paths)",
		"python3 scoreBoard.py", service.Text{PT: "o seu placar", EN: "your scoreboard"}},
	{student.Simulator, "judge a simulator of your own, in the lab ghost-goals: transactions, and aborts by ABORT_EVERY",
		"python3 gameSimulator.py", service.Text{PT: "o seu simulador", EN: "your simulator"}},
	{student.Detector, "judge a fraud detector of your own, in the lab duplicate-orders",
		"python3 fraudDetector.py", service.Text{PT: "o seu detector", EN: "your detector"}},
	{student.Consumer, "judge an idempotent consumer of orders of your own, in the lab duplicate-orders",
		"python3 orderConsumer.py", service.Text{PT: "o seu consumidor", EN: "your consumer"}},
}

// studentFlags adds a flag for each of them.
func (r *experimentRun) studentFlags(flags *pflag.FlagSet) {
	r.own = map[string]*string{}
	for _, p := range ownPrograms {
		r.own[p.role] = flags.String(p.role, "", p.usage)
	}
}

// ownProgram returns the student's program that the flags name, and words for it; neither where they name none.
func (r *experimentRun) ownProgram(flags *pflag.FlagSet, l experiment.Spec, lang service.Lang) (s rig.Student, says string, err error) {
	for _, p := range ownPrograms {
		switch {
		case !flags.Changed(p.role):
			continue
		case s.Role != "":
			return s, "", service.UsageError(fmt.Sprintf("--%s and --%s: one program of yours at a time", s.Role, p.role))
		}
		command := *r.own[p.role]
		if s, err = r.parseOwn(p, l, command); err != nil {
			return s, "", err
		}
		says = ", " + p.says.In(lang) + ": " + command
	}
	return s, says, nil
}

// parseOwn parses a command into words. No shell runs it, so that it works the same where there is none.
func (r *experimentRun) parseOwn(p ownProgram, l experiment.Spec, command string) (rig.Student, error) {
	flag, accepted := "--"+p.role, fmt.Sprintf("accepted: one program and its arguments, such as '%s'", p.example)
	if !slices.Contains(l.Student, p.role) {
		var take []string
		for _, l := range lab.Labs.All() {
			if slices.Contains(l.Student, p.role) {
				take = append(take, l.Name)
			}
		}
		return rig.Student{}, service.UsageError(fmt.Sprintf("%s: the lab %s takes no %s of yours; these do: %s", flag, l.Name, p.role,
			strings.Join(take, ", ")))
	}
	words, err := shell.Fields(command, func(name string) string { value, _ := r.lookup(name); return value })
	if err != nil {
		return rig.Student{}, service.UsageError(fmt.Sprintf("%s %q: %v; %s", flag, command, err, accepted))
	}
	if len(words) == 0 {
		return rig.Student{}, service.UsageError(fmt.Sprintf("%s: no command; %s", flag, accepted))
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return rig.Student{}, service.UsageError(fmt.Sprintf("%s: the program %q cannot be run: %v", flag, words[0], err))
	}
	self, err := os.Executable()
	return rig.Student{Role: p.role, Words: words, Guard: []string{self, "guard", "--"}}, err
}
