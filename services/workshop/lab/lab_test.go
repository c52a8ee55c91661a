package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
	"workshop.example/workshop/screen"
)

// TestMain gives the labs a folder for temporary files that is empty again at the end: a lab leaves
// nothing behind.
func TestMain(m *testing.M) {
	temporary, err := os.MkdirTemp("", "lab-test-")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} { // Unix; Windows has two
		os.Setenv(name, temporary)
	}
	code := m.Run()
	if left, _ := filepath.Glob(filepath.Join(temporary, "kafka-workshop-*")); len(left) > 0 {
		fmt.Fprintln(os.Stderr, "labs have left behind:", left)
		code = 1
	}
	os.RemoveAll(temporary)
	os.Exit(code)
}

// atOnce keeps the labs from running all at the same time: they measure time.
var atOnce = make(chan struct{}, 6)

// run carries out a lab, or a control of one, and checks that no process is left.
func run(t *testing.T, ctx context.Context, l Lab, o rig.Options) (report.Result, error) {
	t.Helper()
	var lines kafkatest.Output
	marked := kafkatest.Mark(t)
	o.Lang, o.BinDir, o.Seed = service.English, kafkatest.Binaries(t), 42
	o.Environ = append(os.Environ(), marked, "GORACE=atexit_sleep_ms=0")
	o.Screen = screen.New(&lines, &lines, func(string) (string, bool) { return "", false }, "score-simulator")
	if o.Say == nil {
		o.Say = func(text service.Text) { o.Screen.Tell(text.In(o.Lang)) }
	}
	atOnce <- struct{}{}
	defer func() { <-atOnce }()
	began := time.Now()
	result, err := Run(ctx, l, o)
	t.Logf("%s took %s", l.Name, time.Since(began).Round(10*time.Millisecond))
	if left := kafkatest.Marked(t, marked); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
	if strings.Contains(lines.String(), "DATA RACE") {
		t.Error("a program has a data race")
	}
	t.Cleanup(func() {
		if t.Failed() {
			var verdict bytes.Buffer
			result.Print(&verdict, service.English, false, 100)
			t.Logf("%s\n%s", &lines, &verdict)
		}
	})
	return result, err
}

// Every lab holds, and says what it must. Seed 42 is a match of 47 goals.
func TestLabs(t *testing.T) {
	t.Parallel()
	const none = ` · lost 0 · repeated 0 · out of order 0`
	const wrote = ` · lost 0 · duplicated in the topic 0 · out of order 0`
	shown := `produced 47 · shown 47` + none
	ten := `sent 10 · acknowledged 10 · in the topic 10 · lost 0 · duplicated in the topic 0 · out of order 0`
	inTopic := `produced 47 · in scoreBoard 47` + none
	want := map[string][]string{
		// How far the five seconds of a commit reach depends on the machine.
		"auto-commit":   {`produced 47 · shown 47 · lost 0 · repeated \d+ \(ids? [\d, ]*(-?\b32)?\) · out of order 0`},
		"at-most-once":  {`produced 47 · shown 46 · lost 1 \(id 5\) · repeated 0 · out of order 0`},
		"at-least-once": {`produced 47 · shown 47 · lost 0 · repeated 1 \(id 5\) · out of order 0`},
		"crash-loop":    {`produced 47 · shown 47 · lost 0 · repeated 4 \(id 5 ×4\) · out of order 0`},
		"exactly-once":  {inTopic, `produced 47 · shown 46 · not shown 1 \(id 20\) · repeated 0 · out of order 0`},
		"ghost-goals": {
			`produced 47 · shown 47 · lost 0 · repeated 0 · ghosts 11 \(ids 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44\) · out of order 0`,
			shown,
		},
		"zombie": {inTopic},
		"fencing": {
			`sent 1\d · acknowledged 1\d · in the topic 1\d · lost 0 · duplicated in the topic 0 · out of order 0`,
			`sent 48 · acknowledged 48 · in the topic 48 · lost 0 · duplicated in the topic 0 · out of order 0`,
		},
		"idempotence": {
			`produced 47 · shown 47 · lost 0 · repeated 0 · duplicated in the topic 15 \(ids 4, 7, 10, [\d, ]*46\) · out of order 0`,
			shown,
		},
		"poison":              {`produced 48 · shown \d+ · not shown \d+ \(ids \d+-47\) · repeated 0 · out of order 0`, `produced 48 · shown 47` + none},
		"hanging-transaction": {shown, shown},
		"partitions":          {ten, ten},
		"offsets": {
			`produced 80 · shown 80` + none, `produced 80 · shown 33 · not shown 47 \(ids 1-47\) · repeated 0 · out of order 0`,
			`produced 48 · shown 48` + none, `produced 48 · shown 48` + none, `produced 47 · shown 47 · lost 0 · repeated \d+ \(ids? .+\) · out of order 0`,
		},
		"order": {`produced 47 · shown 47 · lost 0 · repeated 0 · out of order \d+ \(ids? .+\)`, shown, shown},
		// The one that is killed may have shown something that it had not committed.
		"consumer-groups": {`produced (\d+) · shown \d+ · lost 0 · repeated \d+( \(ids? [\d, ]+\))? · out of order 0`, `produced \d+ · shown \d+` + none},
		"retention": {
			`produced 80 · shown 40 · lost 40 \(ids 21-60\) · repeated 0 · out of order 0`,
			`produced 80 · shown 40 · lost 40 \(ids 21-60\) · repeated 0 · out of order 0`,
			`sent 100 · acknowledged 100 · in the topic \d+ · lost \d+ \(ids 1-\d+\) · duplicated in the topic 0 · out of order 0`,
			`sent 50 · acknowledged 50 · in the topic 5 · lost 45 \(ids 1-45\) · duplicated in the topic 0 · out of order 0`,
		},
		"send-modes": {
			`sent 2010 · acknowledged 2010 · in the topic 2010` + wrote,
			`sent 10 · acknowledged 9 · in the topic 9` + wrote,
			`sent 10 · acknowledged \d · in the topic \d` + wrote,
			`sent 10 · acknowledged 0 · in the topic \d` + wrote + ` · without an answer 10 \(in the topic \d\)`,
			`sent 10 · acknowledged 10 · in the topic \d · lost \d \(ids? 5.*\) · duplicated in the topic 0 · out of order 0`,
			`sent 10 · acknowledged 10 · in the topic \d · lost \d \(ids? 5.*\) · duplicated in the topic 0 · out of order 0`,
			`sent 10 · acknowledged 10 · in the topic 10` + wrote,
		},
		"fetch-size": {
			`produced 1000 · shown 1000 · lost 0 · repeated 1 \(id 750\) · out of order 0`,
			`produced 1000 · shown 1000 · lost 0 · repeated \d+ \(ids 501-\d+\) · out of order 0`,
			`produced 1000 · shown 1000` + none,
		},
		"duplicate-orders": {
			`sent 20 · acknowledged 20 · in the topic 20` + wrote,
			`sent 20 · acknowledged 20 · in the topic 20 · lost 0 · duplicated in the topic \d+ \(ids? .+\) · out of order 0`,
			`sent 20 · acknowledged 20 · in the topic 20` + wrote,
		},
		"email-workers": {`produced 90 · sent by e-mail 90` + none, `produced 90 · sent by e-mail 90` + none},
		"lost-orders": {
			`sent 300 · acknowledged 300 · in the topic \d+ · lost \d+ \(ids? .+\) · duplicated in the topic 0 · out of order 0`,
			`sent 300 · acknowledged 300 · in the topic 300` + wrote,
		},
	}
	for _, l := range All() {
		if l.Killer {
			continue // real brokers only
		}
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			if l.Name == "zombie" && rig.Pause == nil {
				wantNotRun(t, l, rig.Options{}, "needs signals")
				return
			}
			result, err := run(t, t.Context(), l, rig.Options{Pace: 40 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if !result.Held() {
				t.Error("the prediction did not hold")
			}
			if len(result.Parts) != len(want[l.Name]) {
				t.Fatalf("%d parts, want %d", len(result.Parts), len(want[l.Name]))
			}
			for i, p := range result.Parts {
				if re := regexp.MustCompile("^" + want[l.Name][i] + "$"); !re.MatchString(p.Line(service.English)) {
					t.Errorf("part %d says %q, want %s", i, p.Line(service.English), re)
				}
			}
		})
	}
}

func wantNotRun(t *testing.T, l Lab, o rig.Options, cause string) {
	t.Helper()
	_, err := run(t, t.Context(), l, o)
	if notRun, ok := errors.AsType[*rig.NotRun](err); !ok || !strings.Contains(notRun.Cause, cause) {
		t.Errorf("ended with %v, want a NotRun that says %q", err, cause)
	}
}

// Where the fault does not strike there is no verdict.
func TestNoStrikeNoVerdict(t *testing.T) {
	t.Parallel()
	never := func(_, program string, vars []string) (string, []string) {
		if program == "scoreboard" {
			vars = append(slices.Clone(vars), "FAIL_AT_ID=900")
		}
		return program, vars
	}
	beyond := slices.Clone(strikes[:1])
	beyond[0].id = 900
	late := exactlyOnce
	late.run = func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return runExactlyOnce(ctx, b, beyond) }
	for _, c := range []struct {
		lab   Lab
		swap  func(name, program string, vars []string) (string, []string)
		cause string
	}{
		{atLeastOnce, never, "has not crashed at id 5"},
		{crashLoop, never, "was to crash with exit code 137, and ended with 0"},
		{exactlyOnce, never, "the board was to crash at id 10, and ended with exit code 0"},
		{late, nil, "ended with exit code 0 before it was to be killed at id 900"},
	} {
		t.Run(c.lab.Name, func(t *testing.T) {
			t.Parallel()
			wantNotRun(t, c.lab, rig.Options{Pace: 5 * time.Millisecond, Swap: c.swap}, c.cause)
		})
	}
}

func TestMissingProgram(t *testing.T) {
	o := rig.Options{BinDir: t.TempDir(), Screen: screen.New(io.Discard, io.Discard, os.LookupEnv), Say: func(service.Text) {}}
	_, err := Run(t.Context(), atLeastOnce, o)
	if notRun, ok := errors.AsType[*rig.NotRun](err); !ok || !strings.Contains(notRun.Cause, "there is no score-simulator") {
		t.Errorf("ended with %v", err)
	}
}
