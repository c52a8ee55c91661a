package main

import (
	"strings"
	"testing"
)

func TestHelpAndCompletion(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "workshop topics list"},
		{"--help", "workshop topics list"},
		{"up --help", "PACE=250ms workshop up"},
		{"up --help", "of the e-commerce system http-ecommerce,fraud-detector,"},
		{"topics", "apply"},
		{"topics apply --help", "never changed"},
		{"groups", "describe"},
		{"groups reset --help", "Nothing is changed without --execute"},
		{"consume --help", "workshop consume transactions --group mine"},
		{"__complete consume --isolation ", "read_committed\nread_uncommitted\n"},
		{"version", "workshop dev"},
		{"--version", "workshop version dev"},
		{"completion bash", "bash completion"},
		{"__complete up --services ", "producer\nconsumer\nscore-simulator\nscoreboard\nhttp-ecommerce\nfraud-detector\n"},
		{"__complete up --services log-service,e", "log-service,email-new-order\nlog-service,email-service\n:6"},
		{"__complete up --services consumer,s", "consumer,score-simulator\nconsumer,scoreboard\n:6"},
		{"__complete topics list -o ", "table\njson\n"},
	} {
		var stdout, stderr buffer
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
