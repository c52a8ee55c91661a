package lab

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// Ctrl-C in the middle of a lab: what it has started ends, and its folder is gone.
func TestCancelled(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		lab  Lab
		when string // a line of the lab; empty: at a random moment
	}{
		{zombie, "board a is paused"},
		{hangingTransaction, "was killed with its transaction of id 5 open"},
		{exactlyOnce, ""},
		{idempotence, ""},
		{fencing, ""},
		{consumerGroups, "kill -9 of"},
		{offsets, "match 2 is in the topic"},
		{order, ""},
		{partitions, "key ana"},
		{retention, ""},
		{sendModes, ""},
		{fetchSize, ""},
	} {
		delay := time.Duration(rng.Int64N(int64(2 * time.Second)))
		t.Run(c.lab.Name, func(t *testing.T) {
			t.Parallel()
			if c.lab.Name == "zombie" && pause == nil {
				return // TestLabs looks at that
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stopped := make(chan time.Time, 9)
			stop := func() {
				stopped <- time.Now()
				cancel()
			}
			o := Options{Pace: 100 * time.Millisecond, Say: func(text Text) {
				if c.when != "" && strings.Contains(text.EN, c.when) {
					stop()
				}
			}}
			l := c.lab
			l.run = func(ctx context.Context, b *Bench) ([]Part, error) {
				if c.when == "" {
					time.AfterFunc(delay, stop) // not to wait for a state: to meet any
				}
				return c.lab.run(ctx, b)
			}
			if _, err := run(t, ctx, l, o); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if took := time.Since(<-stopped); took > 2*stopGrace {
				t.Errorf("ended %s after the stop", took)
			}
		})
	}
}

// kill -9 of the tool: the programs of its lab end by themselves, also one that is paused, and the next
// lab runs.
func TestKilled(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		lab, when string // a line that is printed; the kill comes up to so much later
		later     time.Duration
	}{
		{"zombie", "board a is paused", time.Millisecond},
		{"exactly-once", "Sending", 4 * time.Second},
		{"hanging-transaction", "Sending", 4 * time.Second},
		{"idempotence", "Producer started...", time.Second},
	} {
		delay := time.Duration(rng.Int64N(int64(c.later)))
		t.Run(c.lab, func(t *testing.T) {
			t.Parallel()
			if c.lab == "zombie" && pause == nil {
				return
			}
			marked, out := markOf(t), &kafkatest.Output{}
			tool := theTool(t, out, marked, "lab", "run", c.lab, "--pace", "100ms")
			if err := tool.Start(); err != nil {
				t.Fatal(err)
			}
			kafkatest.Eventually(t, "the lab prints "+c.when, func() bool { return strings.Contains(out.String(), c.when) })
			time.Sleep(delay) // not to wait for a state: to meet any
			if len(processes(t, marked)) < 2 && canSee {
				t.Errorf("no program runs:\n%s", out)
			}
			tool.Process.Kill()
			tool.Wait()
			kafkatest.Eventually(t, "the lab's programs have ended", func() bool { return len(processes(t, marked)) == 0 })
		})
	}
	t.Run("next", func(t *testing.T) {
		t.Parallel()
		out := &kafkatest.Output{}
		if err := theTool(t, out, markOf(t), "lab", "run", "at-least-once", "--pace", "5ms").Run(); err != nil {
			t.Errorf("ended with %v:\n%s", err, out)
		}
	})
}

// theTool is the tool itself, as a process with temporary files of its own.
func theTool(t *testing.T, out *kafkatest.Output, marked string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(binDir(t), "workshop"), args...)
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), marked, "WORKSHOP_LANG=en", "BOOTSTRAP_SERVERS=", "TMPDIR="+dir, "TMP="+dir, "TEMP="+dir)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second
	return cmd
}
