package scoreboard

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// readsOn is the scoreboard with a mistake: see readOn.
const readsOn = "reads on"

// boardProcess is a scoreboard that is started again and again, each time as a process.
type boardProcess struct {
	t     *testing.T
	vars  map[string]string
	cmd   *exec.Cmd
	stdin io.Closer  // its end is what SIGTERM is, on every system
	ended chan error // what Wait says
	out   *tail      // of all lives
}

// startBoard starts a scoreboard: the real one, or readsOn. A race that it finds ends it.
func startBoard(t *testing.T, program string, vars map[string]string) *boardProcess {
	t.Helper()
	vars["DELIVERY"], vars["MATCHES"], vars["TRANSACTION_TIMEOUT"] = exactlyOnce, "0", "1m"
	vars[asScoreboard], vars["GORACE"] = program, "halt_on_error=1 atexit_sleep_ms=0"
	b := &boardProcess{t: t, vars: vars, out: &tail{}}
	b.start()
	t.Cleanup(func() {
		b.cmd.Process.Kill()
		<-b.ended
		if t.Failed() {
			t.Logf("last words of board %s:\n%s", vars["TRANSACTIONAL_ID"], b.out)
		}
	})
	return b
}

func (b *boardProcess) start() {
	b.t.Helper()
	b.cmd = process(b.t, b.vars)
	b.cmd.Args = append(b.cmd.Args, "--stop-on-eof")
	b.cmd.Stderr = b.out
	stdin, err := b.cmd.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.stdin, b.ended = stdin, make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan error) { ended <- cmd.Wait(); close(ended) }(b.cmd, b.ended)
}

// check ends the test if the board has ended by itself.
func (b *boardProcess) check() {
	b.t.Helper()
	select {
	case err := <-b.ended:
		b.t.Fatalf("a board ended by itself: %v", err)
	default:
	}
}

// stop is a stop in good order. Under faults a board may end with 1: a transaction had no outcome.
func (b *boardProcess) stop() {
	b.t.Helper()
	b.stdin.Close()
	select {
	case <-b.ended:
	case <-time.After(kafkatest.Deadline):
		b.t.Fatalf("a board did not stop within %s", kafkatest.Deadline)
	}
	if code := b.cmd.ProcessState.ExitCode(); code > 1 {
		b.t.Errorf("a board stopped with exit code %d", code)
	}
}

func (b *boardProcess) isStatic() bool { return b.vars["GROUP_INSTANCE_ID"] != "" }

// restart ends the board and starts it again, and says how. Only a static member is killed: the group
// waits six seconds for another.
func (b *boardProcess) restart(rng *rand.Rand) string {
	b.t.Helper()
	how := "board stopped and started"
	if b.isStatic() && rng.IntN(2) == 0 {
		how = "board killed -9 and started"
		b.check()
		b.cmd.Process.Kill()
		<-b.ended
	} else {
		b.stop()
	}
	fmt.Fprintf(b.out, "-- %s\n", how)
	b.start()
	return how
}

// tail keeps the last of what is written.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 16 << 10

func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = append(w.buf, p...)
	if len(w.buf) > 2*tailSize {
		w.buf = slices.Clone(w.buf[len(w.buf)-tailSize:])
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.buf)
}
