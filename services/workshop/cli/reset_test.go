package cli

import (
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
)

// After «topics apply» every lab is at its start, and reset says so; on an empty cluster it makes the
// workshop's own topics that the lab's page works with.
func TestResetKnowsEveryLab(t *testing.T) {
	c := startBrokers(t)
	code, stdout, stderr := command(t.Context(), c.Bootstrap(), "reset", "order", "--execute")
	for _, name := range []string{"scoreGame ", "scoreGame.dlq"} {
		if !strings.Contains(stdout.String(), "topic  "+name) {
			t.Errorf("exit code %d, %s is not made:\n%s%s", code, name, stdout, stderr)
		}
	}
	if code, _, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply"); code != 0 {
		t.Fatalf("topics apply: %s", stderr)
	}
	for _, l := range lab.Labs.All() {
		code, stdout, stderr := command(t.Context(), c.Bootstrap(), "reset", l.Name)
		if code != 0 || !strings.Contains(stderr.String(), "nothing to do: everything is as at the start of "+l.Name) {
			t.Errorf("%s: exit code %d\n%s%s", l.Name, code, stdout, stderr)
		}
		for _, name := range l.ByHand.Topics {
			if !service.LegalTopic(name) || strings.HasSuffix(name, ".dlq") {
				t.Errorf("%s names the topic %q", l.Name, name)
			}
		}
	}
	if code, _, stderr := command(t.Context(), c.Bootstrap(), "reset", "at-least-one"); code != 2 ||
		!strings.Contains(stderr.String(), "did you mean at-least-once") {
		t.Errorf("a slip: exit code %d\n%s", code, stderr)
	}
}
