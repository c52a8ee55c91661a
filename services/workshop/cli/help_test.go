package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/workshop/standin"
)

func TestHelpAndCompletion(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "workshop topics list"},
		{"--help", "workshop topics list"},
		{"up --help", "PACE=250ms workshop up"},
		{"up --help", "--services string"},
		{"topics", "apply"},
		{"topics apply --help", "never changed"},
		{"groups", "describe"},
		{"groups reset --help", "Nothing is changed without --execute"},
		{"consume --help", "workshop consume transactions --group mine"},
		{"__complete consume --isolation ", "read_committed\nread_uncommitted\n"},
		{"version", "workshop dev"},
		{"--version", "workshop version dev"},
		{"completion bash", "bash completion"},
		{"__complete up --services ", "producer\nconsumer\nscore-simulator\nscoreboard\nmonitor\nhttp-ecommerce\nfraud-detector\n"},
		{"__complete up --services log-service,e", "log-service,email-new-order\nlog-service,email-service\n:6"},
		{"__complete up --services consumer,s", "consumer,score-simulator\nconsumer,scoreboard\n:6"},
		{"__complete topics list -o ", "table\njson\n"},
	} {
		var stdout, stderr standin.Output
		tool := &tool{stdout: &stdout, stderr: &stderr, kill: t.Context()}
		args := strings.Fields(c.args)
		if strings.HasSuffix(c.args, " ") {
			args = append(args, "")
		}
		if got := tool.run(t.Context(), args); got != 0 {
			t.Errorf("%s: exit code %d, want 0; %s", c.args, got, &stderr)
		}
		if !strings.Contains(stdout.String(), c.want) {
			t.Errorf("%s: want %q, got:\n%s", c.args, c.want, &stdout)
		}
	}
}

// The help of every command fits the terminal, and breaks no word.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	var paths []string
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		paths = append(paths, strings.TrimPrefix(cmd.CommandPath(), toolName))
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	root := (&tool{}).rootCommand()
	root.InitDefaultCompletionCmd()
	walk(root)
	if len(paths) < 30 {
		t.Fatalf("only %d commands: %v", len(paths), paths)
	}
	for _, path := range paths {
		whole := ""
		for _, width := range []int{10_000, 120, 80, 60} {
			var stdout, stderr standin.Output
			tool := &tool{stdout: &stdout, stderr: &stderr, kill: t.Context(), environ: []string{fmt.Sprint("COLUMNS=", width)}}
			if code := tool.run(t.Context(), append(strings.Fields(path), "--help")); code != 0 {
				t.Fatalf("%s: exit code %d", path, code)
			}
			for line := range strings.Lines(stdout.String()) {
				if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("COLUMNS=%d workshop%s --help: a line of %d: %s", width, path, n, line)
				}
			}
			words := strings.Join(strings.Fields(strings.ReplaceAll(stdout.String(), " \\\n", " ")), " ")
			if whole == "" {
				whole = words
			}
			if words != whole {
				t.Errorf("COLUMNS=%d workshop%s --help: other words than on one line:\n%s", width, path, &stdout)
			}
		}
	}
}
