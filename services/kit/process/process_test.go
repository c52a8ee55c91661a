package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// never is longer than any step of a test takes.
const never = time.Minute

// TestMain makes the test binary serve as the program: it says ready, and ends as PROCESS_TEST tells it.
func TestMain(m *testing.M) {
	kind := os.Getenv("PROCESS_TEST")
	if kind == "" {
		os.Exit(m.Run())
	}
	fmt.Println("ready")
	switch kind {
	case "stops": // at the end of its input
		io.Copy(io.Discard, os.Stdin)
		fmt.Fprintln(os.Stderr, "stopped")
	case "deaf":
		time.Sleep(time.Hour)
	case "fails":
		fmt.Print("torn")
		os.Exit(3)
	}
	os.Exit(0)
}

// run starts the program, waits until it is ready, and kills it at the end of the test.
func run(t *testing.T, kind string, change ...func(*Command)) *Process {
	t.Helper()
	c := Command{Name: kind, Path: os.Args[0], Env: append(os.Environ(), "PROCESS_TEST="+kind), KeepLines: true, EndWithParent: true}
	for _, f := range change {
		f(&c)
	}
	p, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	if c.KeepLines {
		if err := p.Await(t.Context(), func(lines []Line) bool { return len(lines) > 0 && lines[0].Text == "ready" }); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func texts(lines []Line) string {
	var all []string
	for _, l := range lines {
		all = append(all, l.Text)
	}
	return strings.Join(all, ",")
}

func TestStopAsksBeforeItKills(t *testing.T) {
	var output Lines
	p := run(t, "stops", func(c *Command) { c.Stderr = &output })
	if !p.Running() || p.Pid() == 0 {
		t.Errorf("running %t, pid %d", p.Running(), p.Pid())
	}
	if !p.Stop(never) || p.Running() || p.ExitCode() != 0 || texts(output.All()) != "stopped" {
		t.Errorf("it ended with %s and said %q", p.State(), texts(output.All()))
	}
	if p.EndedAt.Before(p.Began) {
		t.Errorf("it ended at %s and began at %s", p.EndedAt, p.Began)
	}
}

func TestStopKillsWhatDoesNotEndWithinGrace(t *testing.T) {
	if p := run(t, "deaf"); p.Stop(time.Millisecond) || p.State().Success() {
		t.Errorf("it ended with %s, want that it was killed", p.State())
	}
}

func TestStopKillsAPausedProgramAtOnce(t *testing.T) {
	p := run(t, "stops")
	err := p.Pause()
	if PauseSignal == nil {
		if !errors.Is(err, errors.ErrUnsupported) || !errors.Is(p.Resume(), errors.ErrUnsupported) {
			t.Errorf("got %v, want that pauses are not supported", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if p.Stop(never) || p.ExitCode() != -1 {
		t.Errorf("it ended with %s, want that it was killed", p.State())
	}
}

func TestKillReportsThatTheProgramHadEnded(t *testing.T) {
	p := run(t, "deaf")
	if err := p.Kill(); err != nil || p.Running() {
		t.Errorf("running %t, %v", p.Running(), err)
	}
	if err := p.Kill(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("a second kill: %v", err)
	}
}

func TestAwaitAndWaitEnd(t *testing.T) {
	p := run(t, "fails")
	if err := p.Await(t.Context(), func([]Line) bool { return false }); err != ErrEnded {
		t.Errorf("got %v, want %v", err, ErrEnded)
	}
	if code, err := p.Wait(t.Context()); code != 3 || err != nil {
		t.Errorf("got %d, %v, want 3", code, err)
	}
	if got := texts(p.Lines()); got != "ready" {
		t.Errorf("it printed the lines %q, want only what has an end", got)
	}
	deaf := run(t, "deaf")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := deaf.Await(ctx, func([]Line) bool { return false }); err != context.Canceled {
		t.Errorf("Await returned %v", err)
	}
	if _, err := deaf.Wait(ctx); err != context.Canceled {
		t.Errorf("Wait returned %v", err)
	}
}

func TestOutputIsFlushedAtTheEnd(t *testing.T) {
	var output Lines
	p := run(t, "fails", func(c *Command) { c.KeepLines, c.Stdout, c.Stderr = false, &output, &output })
	<-p.Ended()
	if got := texts(output.All()); got != "ready,torn" || p.Lines() != nil {
		t.Errorf("it printed the lines %q", got)
	}
}

func TestProgramThatCannotBeStarted(t *testing.T) {
	if _, err := Start(Command{Path: os.Args[0] + "-missing"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is none", err)
	}
}

func TestLinesAreCutWhereTheyEnd(t *testing.T) {
	var each []string
	l := Lines{Each: func(text string) { each = append(each, text) }}
	for _, part := range []string{"a", "b\r\n\nc", "\nd"} {
		io.WriteString(&l, part)
	}
	if got, want := texts(l.All()), "ab,,c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	l.Flush()
	l.Flush()
	if want := []string{"ab", "", "c", "d"}; !slices.Equal(each, want) {
		t.Errorf("got %q, want %q", each, want)
	}
}

func TestOnlyTheLatestLinesAreKept(t *testing.T) {
	l := Lines{Most: 2}
	for n := range 8 {
		fmt.Fprintln(&l, n)
	}
	if got := texts(l.All()); got != "4,5,6,7" && got != "5,6,7" && got != "6,7" {
		t.Errorf("got %q, want the latest two to four", got)
	}
}
