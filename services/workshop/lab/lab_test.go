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
	for _, l := range defined {
		spec, _ := Labs.Find(l.Name)
		if l.Killer || spec.Place == 0 {
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
			if len(result.Parts) != len(spec.Lines) {
				t.Fatalf("%d parts, want %d", len(result.Parts), len(spec.Lines))
			}
			for i, p := range result.Parts {
				if re := regexp.MustCompile("^" + spec.Lines[i] + "$"); !re.MatchString(p.Line(service.English)) {
					t.Errorf("part %d says %q, want %s", i, p.Line(service.English), re)
				}
			}
			for _, q := range spec.Ask {
				if _, ok := result.Answer(q); !ok {
					t.Errorf("no answer to %q", q.Text.EN)
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
