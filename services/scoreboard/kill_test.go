package scoreboard

import (
	"bufio"
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/service"
)

// asScoreboard makes this test's own executable the scoreboard, so that a test can kill a real one.
const asScoreboard = "TEST_AS_SCOREBOARD"

func TestMain(m *testing.M) {
	switch os.Getenv(asScoreboard) {
	case "":
		os.Exit(m.Run())
	case readsOn:
		service.Main(service.About{Name: "scoreboard"}, configure, runReadingOn)
	default:
		Main()
	}
}

// process is a scoreboard as a process of its own.
func process(t *testing.T, vars map[string]string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	// A program with the race detector sleeps for a second before it ends, unless told otherwise.
	cmd.Env = append(os.Environ(), asScoreboard+"=1", "GORACE=atexit_sleep_ms=0")
	for name, value := range vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// The crash on cue in earnest: its exit code, and its last words are out.
func TestCrashOnCueEndsTheProcess(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{autoCommit, atMostOnce, atLeastOnce, exactlyOnce} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			c := startForBoards(t)
			c.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(8)...)...)
			vars := onceEnv(t, c, "DELIVERY", delivery, "FAIL_AT_ID", "5")
			out, err := process(t, vars).Output()
			if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != exitCrashed {
				t.Fatalf("ended with %v, want exit code 137; output:\n%s", err, out)
			}
			if !bytes.HasSuffix(out, []byte("Reinicie o placar: desta vez ele passa por este evento.\n")) {
				t.Errorf("output:\n%s", out)
			}
			again, err := process(t, vars).Output()
			if err != nil {
				t.Fatalf("the restart ended with %v; output:\n%s", err, again)
			}
			five := map[string]int{autoCommit: 2, atMostOnce: 0, atLeastOnce: 2, exactlyOnce: 1}[delivery]
			if got := shown(strings.Split(string(out)+string(again), "\n"), 8); got[4] != five {
				t.Errorf("shown %v, want id 5 %d times", got, five)
			}
		})
	}
}

// Twenty times kill -9, each at a moment chosen at random: after so many lines and a few milliseconds.
func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	const last, kills = 1200, 20 // more goals than a board shows in the pauses that a busy machine makes
	began := time.Now()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := startForBoards(t)
	c.ProduceValues("scoreGame", values(t, "m1", 1e9, goals(last)...)...)
	vars := onceEnv(t, c)
	var lines []string
	for range kills {
		cmd := process(t, vars)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		moment := rng.IntN(16)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			lines = append(lines, scanner.Text())
			if scores.MatchString(scanner.Text()) {
				if moment--; moment == 0 {
					// Not to wait for a state: to meet any.
					time.Sleep(time.Duration(rng.Int64N(int64(10 * time.Millisecond))))
					cmd.Process.Kill() // then the scan goes on to the end of what it wrote
				}
			} else if moment == 0 {
				cmd.Process.Kill()
			}
		}
		if cmd.Wait() == nil {
			t.Fatal("a scoreboard came to the end of the match before it was killed")
		}
	}
	out, err := process(t, vars).Output()
	if err != nil {
		t.Fatalf("%v; output:\n%s", err, out)
	}
	m := wantOnce(t, c, last+1)
	m.Seed, m.Seconds, m.Faults = seed, time.Since(began).Seconds(), map[string]int{"board killed -9 and started": kills}
	record(t, m)
	counts := shown(append(lines, strings.Split(string(out), "\n")...), last)
	if slices.Max(counts) > 1 {
		t.Errorf("a line was shown twice: %v", counts)
	}
	// The control: moments were met at which a transaction was open.
	t.Logf("%d transactions were aborted", len(c.ReadUncommitted("scoreBoard"))-last-1)
}
