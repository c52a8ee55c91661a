package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/workshop/lab"
	"workshop.example/workshop/report"
	"workshop.example/workshop/standin"
)

// Every lab has questions, and how long it takes.
func TestLabsAsk(t *testing.T) {
	for _, l := range lab.Labs.All() {
		if len(l.Ask) < 2 || len(l.Ask) > 3 {
			t.Errorf("%s has %d questions, want two or three", l.Name, len(l.Ask))
		}
		if l.Takes == 0 && !l.Brokers {
			t.Errorf("%s does not say how long it takes", l.Name)
		}
	}
}

func TestGuesses(t *testing.T) {
	questions := []report.Question{
		{Part: 1, Count: "lost", Text: service.Text{EN: "Lost?"}},
		{Part: 1, Count: "repeated", Text: service.Text{EN: "Repeated?"}},
		{Part: 1, Count: "out-of-order", Text: service.Text{EN: "Out of order?"}},
	}
	result := report.Result{Parts: []report.Part{{}}}
	for _, c := range []struct{ in, want string }{
		{"0\n3\n\n", "Your guesses: 1 of 3\n  ✓ Lost? 0\n  ✗ Repeated? 0 (you: 3)\n  · Out of order? 0\n"},
		{"many\n-1\n0\n", "Your guesses: 1 of 3\n  ✓ Lost? 0\n  · Repeated? 0\n  · Out of order? 0\n"}, // asked again, then the input ends
		{"", "Your guesses: 0 of 3\n  · Lost? 0\n  · Repeated? 0\n  · Out of order? 0\n"},
	} {
		guesses, err := askGuesses(t.Context(), strings.NewReader(c.in), io.Discard, questions, service.English)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		compareGuesses(&out, guesses, result, service.English, 0)
		if got := strings.TrimPrefix(out.String(), "\n"); got != c.want {
			t.Errorf("%q: got\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

// Ctrl-C ends the question, though nobody answers it.
func TestGuessIsInterrupted(t *testing.T) {
	never, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := askGuesses(ctx, never, io.Discard, []report.Question{{Part: 1, Count: "lost"}}, service.English)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// What is done is ticked, and the next is named.
func TestNextLab(t *testing.T) {
	state := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		var stdout, stderr standin.Output
		tool := &tool{stdout: &stdout, stderr: &stderr, environ: []string{"WORKSHOP_LANG=en", "XDG_STATE_HOME=" + state}, kill: t.Context()}
		if code := tool.run(t.Context(), append([]string{"lab"}, args...)); code != 0 || stderr.String() != "" {
			t.Fatalf("%v: exit code %d\n%s", args, code, stderr.String())
		}
		return stdout.String()
	}
	done := (&tool{environ: []string{"XDG_STATE_HOME=" + state}}).progress()
	of := fmt.Sprintf(" of %d done.", len(lab.Labs.All()))
	if got := run("next"); !strings.HasPrefix(got, "0"+of+" Next:\nauto-commit: ") {
		t.Errorf("at first:\n%s", got)
	}
	for _, name := range []string{"auto-commit", "at-least-once"} {
		if err := done.Finish(name); err != nil {
			t.Fatal(err)
		}
	}
	if got := run("next"); !strings.HasPrefix(got, "2"+of+" Next:\nat-most-once: ") ||
		!strings.Contains(got, "workshop lab run at-most-once --predict\n") {
		t.Errorf("after the first and the third:\n%s", got)
	}
	ticked := ""
	for line := range strings.Lines(run("list")) {
		if strings.Contains(line, "✓") {
			ticked += strings.Fields(line)[0] + " "
		}
	}
	if ticked != "auto-commit at-least-once " {
		t.Errorf("ticked are %s", ticked)
	}
	if got := run("next", "--reset-progress"); !strings.HasPrefix(got, "0"+of) {
		t.Errorf("after the reset:\n%s", got)
	}
}
