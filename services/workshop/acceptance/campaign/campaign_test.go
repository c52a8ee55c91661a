package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/reliability"
)

func TestChoose(t *testing.T) {
	all, err := choose(nil)
	if err != nil || len(all) != len(parts) {
		t.Errorf("without a name: %d parts of %d, %v", len(all), len(parts), err)
	}
	some, err := choose([]string{"soak", "drills"})
	if err != nil || len(some) != 2 || some[0].name != "drills" || some[1].name != "soak" {
		t.Errorf("soak and drills: %v, %v", some, err)
	}
	_, err = choose([]string{"drills", "nothing"})
	if err == nil || !strings.Contains(err.Error(), "no part nothing: the parts are faults, ") {
		t.Errorf("an unknown part: %v", err)
	}
}

// A mistake in the call is told before anything is run.
func TestMistakes(t *testing.T) {
	for _, args := range [][]string{{"nothing"}, {"--jobs", "0"}, {"--what"}} {
		var out, errs strings.Builder
		if code := run(t.Context(), args, &out, &errs); code != 2 || errs.Len() == 0 || out.Len() > 0 {
			t.Errorf("%v: exit code %d\n%s%s", args, code, &out, &errs)
		}
	}
}

// shell is a part that runs a shell's command, and records what it measured.
func shell(name, command string) part {
	return part{name: name, what: "a test", about: time.Minute, command: []string{"sh", "-c", command}}
}

// A part that fails stops no other; what was recorded is in the report, and at the end is said what fell short.
func TestGoesOnAfterAFailure(t *testing.T) {
	needsShell(t)
	var out strings.Builder
	c := campaign{out: &out, logs: t.TempDir(), jobs: 1, began: time.Now()}
	const measured = `echo '{"guarantee":"nothing is lost","ground":"real brokers","test":"T","seed":7,"events":12345,"lost":%,"faults":{"kill -9 of a broker":3}}' >>"$RELIABILITY_RECORD"`
	r, err := c.run(t.Context(), []part{
		shell("bad", "echo why it failed; exit 3"),
		shell("good", `[ "$CAMPAIGN" = 1 ] && `+strings.Replace(measured, "%", "0", 1)),
		shell("again", strings.Replace(measured, "%", "0", 1)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := r.summary(&out); code != 1 || !strings.Contains(out.String(), "fell short: bad (exit status 3): ") {
		t.Errorf("exit code %d:\n%s", code, &out)
	}
	if log, err := os.ReadFile(r.Parts[0].Log); err != nil || string(log) != "why it failed\n" {
		t.Errorf("the log of the part that failed: %q, %v", log, err)
	}
	page := r.markdown()
	for _, line := range []string{
		"| nothing is lost | real brokers | 24,690 | 6 kill -9 of a broker | 0 | 0 | 0 | - | - | 7, 7 |\n",
		"| bad | a test | 0s | fell short: exit status 3 |\n", "| good | a test | 0s | as promised |\n",
	} {
		if !strings.Contains(page, line) {
			t.Errorf("the page lacks\n%s\nit is\n%s", line, page)
		}
	}

	// Each campaign is a line of JSON; the page is that of the last one.
	docs := t.TempDir()
	for range 2 {
		if err := r.write(docs); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := os.ReadFile(filepath.Join(docs, "reliability.jsonl"))
	if err != nil || strings.Count(string(lines), "\n") != 2 {
		t.Errorf("%v\n%s", err, lines)
	}
	if got, err := os.ReadFile(filepath.Join(docs, "reliability.md")); err != nil || string(got) != page {
		t.Errorf("%v\n%s", err, got)
	}

	// --render makes the page from the JSON alone.
	if err := os.Remove(filepath.Join(docs, "reliability.md")); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"--render", "--docs", docs}, &out, &out); code != 0 {
		t.Errorf("--render: exit code %d\n%s", code, &out)
	}
	if got, err := os.ReadFile(filepath.Join(docs, "reliability.md")); err != nil || string(got) != page {
		t.Errorf("--render: %v\n%s", err, got)
	}
}

// A list that is too long for the table stands below it, once.
func TestLongListsOfFaults(t *testing.T) {
	many := map[string]int{}
	for i := range 10 {
		many[fmt.Sprint("kind ", i)] = i + 1
	}
	page := report{Measurements: []reliability.Measurement{
		{Guarantee: "a", Events: 1, Faults: many}, {Guarantee: "b", Events: 1, Faults: many}, {
			Guarantee: "c",
			Events:    1,
			Faults:    map[string]int{"crash": 2},
		},
	}}.markdown()
	for line, count := range map[string]int{"| 55 of 10 kinds (1) |": 2, "\n(1) 10 kind 9, 9 kind 8, ": 1, "| 2 crash |": 1} {
		if got := strings.Count(page, line); got != count {
			t.Errorf("%q is there %d times, want %d:\n%s", line, got, count, page)
		}
	}
}

// A loss, or a control that nobody caught, falls short even where every part has ended well.
func TestFellShort(t *testing.T) {
	for name, m := range map[string]reliability.Measurement{
		"lost":       {Lost: 1},
		"duplicated": {Duplicated: 1},
		"order":      {OutOfOrder: 1},
		"control":    {Controls: 2, Caught: 1},
	} {
		m.Guarantee, m.Ground = "each once", reliability.Embedded
		var out strings.Builder
		if code := (report{Measurements: []reliability.Measurement{m}}).summary(&out); code != 1 || !strings.Contains(out.String(),
			"fell short: each once, embedded cluster: ") {
			t.Errorf("%s: exit code %d\n%s", name, code, &out)
		}
	}
	var out strings.Builder
	if code := (report{Measurements: []reliability.Measurement{{Controls: 2, Caught: 2}}}).summary(&out); code != 0 {
		t.Errorf("a clean one: exit code %d\n%s", code, &out)
	}
}

func TestInterrupted(t *testing.T) {
	needsShell(t)
	ctx, cancel := context.WithCancel(t.Context())
	logs := t.TempDir()
	ready := filepath.Join(logs, "ready")
	go func() {
		for {
			if _, err := os.Stat(ready); err == nil || ctx.Err() != nil {
				cancel()
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var out strings.Builder
	c := campaign{out: &out, logs: logs, jobs: 1, began: time.Now()}
	// A shell ends by SIGINT once the command that it waits for has ended.
	waits := shell("waits", "trap 'exit 0' INT; touch "+ready+"; while :; do sleep 0.1; done")
	if _, err := c.run(ctx, []part{waits, shell("next", "true")}); err == nil ||
		!strings.Contains(err.Error(), "interrupted; nothing was written") {
		t.Errorf("%v\n%s", err, &out)
	}
	if strings.Contains(out.String(), "next") {
		t.Errorf("it goes on:\n%s", &out)
	}
}

// The parts are named once, and each name is in no need of quotes.
func TestParts(t *testing.T) {
	var names []string
	for _, p := range parts {
		if slices.Contains(names, p.name) || strings.ContainsAny(p.name, " |") || p.what == "" || p.about <= 0 {
			t.Errorf("%+v", p)
		}
		names = append(names, p.name)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
