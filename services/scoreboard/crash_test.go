package scoreboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/service"
)

// startCrashing starts a scoreboard whose crash ends the work of this process instead of the process:
// the handler's goroutine stops where it is, nothing more is committed, and a static member does not
// leave its group. codes gets the exit code.
func startCrashing(t *testing.T, vars map[string]string) (r *kafkatest.Run, codes chan int) {
	t.Helper()
	codes = make(chan int, 1)
	return kafkatest.StartRun(t, vars, configure, func(ctx context.Context, cfg config, p *service.Process) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		cfg.crash.exit = func(code int) {
			codes <- code
			cancel()
			runtime.Goexit()
		}
		return run(ctx, cfg, p)
	}), codes
}

// until runs scoreboards, one after the other, until one ends without a crash, and returns the lines
// of all. More than limit crashes end the test.
func until(t *testing.T, limit int, vars map[string]string) (lines []string, crashes int) {
	t.Helper()
	for {
		r, codes := startCrashing(t, vars)
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, r.Out.Lines()...)
		select {
		case code := <-codes:
			if code != 137 {
				t.Fatalf("exit code %d, want 137", code)
			}
		default:
			return lines, crashes
		}
		if crashes++; crashes > limit {
			t.Fatalf("%d crashes, want at most %d", crashes, limit)
		}
	}
}

// goals is a match in which TeamA scores last times: the event with id n shows "n - 0".
func goals(last int) []event.ScoreEvent {
	var events []event.ScoreEvent
	for id := range last {
		events = append(events, a(id+1, id+1, 0))
	}
	return append(events, end(a(last+1, last, 0)))
}

// shown counts how often each id from 1 to last was shown.
func shown(lines []string, last int) []int {
	count := make([]int, last)
	for _, line := range scoreLines(lines) {
		var id, zero int
		fmt.Sscanf(line, "%d - %d", &id, &zero)
		count[id-1]++
	}
	return count
}

func crashEnv(t *testing.T, c *kafkatest.Cluster, more ...string) map[string]string {
	t.Helper()
	return env(c, append([]string{"FAIL_AT_ID", "5", "STATE_DIR", t.TempDir(), "GROUP_INSTANCE_ID", "board"}, more...)...)
}

// The three prove each other: the same crash, the same match, and another count.
func TestCrashOnCueTellsGuaranteesApart(t *testing.T) {
	t.Parallel()
	began := time.Now()
	lost, repeated := map[string]int{}, map[string]int{}
	for _, c := range []struct {
		delivery string
		want     []int // how often ids 1 to 8 are shown
	}{
		{autoCommit, []int{2, 2, 2, 2, 2, 1, 1, 1}}, // all since the last commit, which is not five seconds ago
		{atMostOnce, []int{1, 1, 1, 1, 0, 1, 1, 1}},
		{atLeastOnce, []int{1, 1, 1, 1, 2, 1, 1, 1}},
	} {
		t.Run(c.delivery, func(t *testing.T) {
			cluster := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
			cluster.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(8)...)...)
			lines, crashes := until(t, 1, crashEnv(t, cluster, "DELIVERY", c.delivery))
			if crashes != 1 {
				t.Errorf("%d crashes, want 1", crashes)
			}
			got := shown(lines, 8)
			if !slices.Equal(got, c.want) {
				t.Errorf("shown %v, want %v", got, c.want)
			}
			for _, n := range got {
				lost[c.delivery] += max(0, 1-n)
				repeated[c.delivery] += max(0, n-1)
			}
		})
	}
	// Each of the two promises what the other does not, and is the control of it.
	m := reliability.Measurement{
		Ground: reliability.Embedded, Test: t.Name(), Seconds: time.Since(began).Seconds(), Events: 8, Faults: map[string]int{"crash on cue": 1},
		Controls: 1,
	}
	m.Guarantee, m.Duplicated, m.Caught = "at-most-once shows no goal twice", repeated[atMostOnce], min(1, repeated[atLeastOnce])
	record(t, m)
	m.Guarantee, m.Lost, m.Duplicated, m.Caught = "at-least-once leaves no goal out", lost[atLeastOnce], 0, min(1, lost[atMostOnce])
	record(t, m)
}

// A second experiment on new messages crashes again, though the first left its mark.
func TestCrashOnceIsOncePerMessage(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	vars := crashEnv(t, c, "DELIVERY", atLeastOnce)
	for n := range 2 {
		c.ProduceValues("scoreGame", values(t, fmt.Sprint("m", n), float64(n+1)*1e9, goals(6)...)...)
		lines, crashes := until(t, 1, vars)
		if crashes != 1 {
			t.Errorf("match %d: %d crashes, want 1", n, crashes)
		}
		text := strings.Join(lines, "\n")
		for _, want := range []string{"! queda proposital no id 5", "(o placar já caiu no id 5 de propósito: desta vez segue)"} {
			if strings.Count(text, want) != 1 {
				t.Errorf("match %d: not once in the output: %s\n%s", n, want, text)
			}
		}
	}
	marks, err := os.ReadDir(vars["STATE_DIR"])
	if err != nil || len(marks) != 2 {
		t.Errorf("marks %v, %v, want 2", marks, err)
	}
}

// The same match in a recreated topic: the same bytes in the same places, and yet other messages.
func TestCrashOnceIsOncePerTopic(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	vars := crashEnv(t, c, "DELIVERY", atLeastOnce)
	for n := range 2 {
		c.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(6)...)...)
		if _, crashes := until(t, 1, vars); crashes != 1 {
			t.Errorf("topic %d: %d crashes, want 1", n, crashes)
		}
		c.DeleteTopic("scoreGame")
		c.CreateTopic("scoreGame:1")
	}
}

// LabScore's original: the event comes again at every restart.
func TestCrashAlwaysIsALoop(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1")
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(6)...)...)
	vars := crashEnv(t, c, "DELIVERY", atLeastOnce, "FAIL_MODE", "always")
	for n := range 3 {
		r, codes := startCrashing(t, vars)
		if code := <-codes; code != 137 {
			t.Errorf("exit code %d", code)
		}
		r.WaitFor("Isto é um crash loop")
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		want := []string{"1 - 0", "2 - 0", "3 - 0", "4 - 0", "5 - 0"}
		if n > 0 {
			want = []string{"5 - 0"}
		}
		if got := scoreLines(r.Out.Lines()); !slices.Equal(got, want) {
			t.Errorf("run %d shows %v, want %v", n+1, got, want)
		}
	}
	vars["DELIVERY"] = atMostOnce // the same event, and no loop: it is lost instead
	lines, crashes := until(t, 1, vars)
	if got := shown(lines, 6); crashes != 1 || !slices.Equal(got, []int{0, 0, 0, 0, 0, 1}) {
		t.Errorf("at most once: %d crashes, shown %v", crashes, got)
	}
}

func TestStateDirHasToBeWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		atID, dir string
		wrong     bool
	}{
		{"5", filepath.Join(t.TempDir(), "new"), false},
		{"5", file, true},
		{"5", filepath.Join(file, "below"), true},
		{"0", file, false},
	} {
		cfg := configure(service.EnvOf(map[string]string{"FAIL_AT_ID": c.atID, "STATE_DIR": c.dir}))
		err := cfg.crash.checkStateDir()
		if usage := new(service.UsageError); errors.As(err, usage) != c.wrong || (err == nil) == c.wrong {
			t.Errorf("FAIL_AT_ID=%s STATE_DIR=%s: %v", c.atID, c.dir, err)
		}
	}
}
