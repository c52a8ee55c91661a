package service

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"workshop.example/kit/fold"
	"workshop.example/kit/wait"
)

// shortStop is the stopLimit of the child in mode "deaf, briefly".
const shortStop = 2 * time.Second

// The test binary is also the service under test: Main exits its process, so it needs one.
func TestMain(m *testing.M) {
	mode := os.Getenv("SERVICE_TEST")
	if mode == "" {
		os.Exit(m.Run())
	}
	if mode == "deaf, briefly" {
		stopLimit = shortStop
	}
	Main(About{Name: "probe", Summary: "probe is a service.", Example: "  probe"},
		func(env *Env) time.Duration {
			if env.Text("OLD_PACE", "", "any text", "pace of old") != "" {
				env.Ignore("OLD_PACE", "PACE wins over it")
			}
			return env.Duration("PACE", time.Second, "pace")
		},
		func(ctx context.Context, _ time.Duration, p *Process) error {
			p.Ops.ReadyWhen(func() error { return nil })
			switch mode {
			case "fail":
				return errors.New("it broke")
			case "usage":
				return UsageError("impossible wish")
			case "deaf", "deaf, briefly":
				fmt.Println("ready", p.Ops.Addr())
				select {}
			case "done":
				return nil
			}
			fmt.Println("ready", p.Ops.Addr())
			<-ctx.Done()
			p.Out.Print("summary")
			return ctx.Err()
		})
}

type child struct {
	*exec.Cmd
	out    *bufio.Reader
	errors strings.Builder
	stdin  io.WriteCloser
	ops    string
}

func spawn(t *testing.T, mode string, env []string, args ...string) *child {
	t.Helper()
	c := &child{Cmd: exec.Command(os.Args[0], args...)}
	// A program with the race detector sleeps for a second before it ends, unless told otherwise.
	c.Env = append(append(os.Environ(), "SERVICE_TEST="+mode, "WORKSHOP_LANG=en", "GORACE=atexit_sleep_ms=0"), env...)
	c.Stderr = &c.errors
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if c.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	return c
}

// ready waits for the child's own word that it runs.
func (c *child) ready(t *testing.T) *child {
	t.Helper()
	line, err := c.out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "ready") {
		t.Fatalf("line %q, error %v\n%s", line, err, &c.errors)
	}
	c.ops = strings.TrimSpace(strings.TrimPrefix(line, "ready"))
	return c
}

// end waits for the process and returns the rest of its output and its exit code.
func (c *child) end(t *testing.T) (string, int) {
	t.Helper()
	rest, _ := io.ReadAll(c.out)
	c.Wait()
	return string(rest), c.ProcessState.ExitCode()
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mode string
		env, args  []string
		code       int
		says       string // on standard error
	}{
		{"done", "done", nil, nil, 0, ""},
		{"a variable without effect", "done", []string{"OLD_PACE=2s"}, nil, 0, `value=2s because="PACE wins over it"`},
		{"failed", "fail", nil, nil, 1, "it broke"},
		{"impossible", "usage", nil, nil, 2, "impossible wish"},
		{
			"bad environment",
			"done",
			[]string{"PACE=fast", "LOG_LEVEL=loud", "OPS_ADDR=9400", "WORKSHOP_LANG=fr"},
			nil,
			2,
			"4 variáveis de ambiente estão erradas", // an unknown language is the default one
		},
		{"unknown flag", "done", nil, []string{"--nonsense"}, 2, "probe: unknown flag --nonsense\nsee «probe --help»\n"},
		{
			"mistyped flag",
			"done",
			nil,
			[]string{"--stop-on-eo"},
			2,
			"probe: unknown flag --stop-on-eo; did you mean --stop-on-eof?\nsee «probe --help»\n",
		},
		{
			"mistyped flag of a variable",
			"done",
			nil,
			[]string{"--pac", "2s"},
			2,
			"probe: unknown flag --pac; did you mean --pace?\nsee «probe --help»\n",
		},
		{"a wrong flag beside a variable", "done", []string{"PACE=slow", "LOG_LEVEL=loud"}, []string{"--pace=fast"}, 2,
			"2 settings are wrong:\n  --pace \"fast\": not a duration from 0; accepted: a Go duration from 0, such as 250ms or 2s\n" +
				"  LOG_LEVEL=\"loud\": "},
		{"a flag wins", "done", []string{"PACE=fast"}, []string{"--pace", "1s"}, 0, ""},
		{"unknown argument", "done", nil, []string{"nonsense"}, 2, "probe: unknown argument \"nonsense\"\nsee «probe --help»\n"},
		{"a variable behind the program", "done", nil, []string{"PACE=2s"}, 2,
			"unknown argument \"PACE=2s\"; did you mean probe --pace 2s?\nsee «probe --help»\n"},
		{"health check without an address", "done", nil, []string{"healthcheck"}, 2, "OPS_ADDR is not set"},
		{"health check of nobody", "done", []string{"OPS_ADDR=127.0.0.1:1"}, []string{"healthcheck"}, 1, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			child := spawn(t, c.mode, c.env, c.args...)
			if _, code := child.end(t); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if !strings.Contains(child.errors.String(), c.says) {
				t.Errorf("standard error has no %q:\n%s", c.says, &child.errors)
			}
			if strings.Contains(child.errors.String(), "Environment:") {
				t.Errorf("a page of help hides what is wrong:\n%s", &child.errors)
			}
		})
	}
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	t.Parallel()
	child := spawn(t, "done", nil, "--help")
	out, code := child.end(t)
	for _, word := range []string{"probe is a service.", "healthcheck", "PACE", "OPS_ADDR", "--stop-on-eof"} {
		if !strings.Contains(out, word) {
			t.Errorf("help has no %q:\n%s", word, out)
		}
	}
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Help fits the terminal, whatever its width, and breaks no word.
func TestHelpFits(t *testing.T) {
	t.Parallel()
	whole := ""
	for _, width := range []int{10_000, 120, 80, 60} {
		child := spawn(t, "done", []string{fmt.Sprint("COLUMNS=", width), "kafka_host_url="}, "--help")
		out, _ := child.end(t)
		for line := range strings.Lines(out) {
			if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("COLUMNS=%d: a line of %d: %s", width, n, line)
			}
		}
		words := strings.Join(strings.Fields(out), " ")
		if whole == "" {
			whole = words
		}
		if words != whole {
			t.Errorf("COLUMNS=%d: other words than without an end of the line:\n%s", width, out)
		}
	}
}

func TestStopsInGoodOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		stop func(*child)
	}{
		{"SIGTERM", nil, func(c *child) { c.Process.Signal(syscall.SIGTERM) }},
		{"SIGINT", nil, func(c *child) { c.Process.Signal(os.Interrupt) }},
		{"end of standard input", []string{"--stop-on-eof"}, func(c *child) { c.stdin.Close() }},
		{"end of standard input and SIGINT", []string{"--stop-on-eof"}, func(c *child) { c.stdin.Close(); c.Process.Signal(os.Interrupt) }},
		{"two signals at once", nil, func(c *child) { c.Process.Signal(os.Interrupt); c.Process.Signal(syscall.SIGTERM) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			child := spawn(t, "run", nil, c.args...).ready(t)
			c.stop(child)
			if out, code := child.end(t); code != 0 || out != "summary\n" {
				t.Errorf("exit code %d, output %q\n%s", code, out, &child.errors)
			}
		})
	}
}

// A service whose run function ignores the stop is ended all the same, before Docker would do it in
// silence; and a second Ctrl-C does not wait for that.
func TestDeafServiceIsEnded(t *testing.T) {
	t.Parallel()
	slow := spawn(t, "deaf, briefly", nil).ready(t)
	quick := spawn(t, "deaf", nil).ready(t)
	began := time.Now()
	slow.Process.Signal(syscall.SIGTERM)
	go func() { // until it hears: signals close to the first count as the first
		for quick.Process.Signal(os.Interrupt) == nil {
			time.Sleep(100 * time.Millisecond)
		}
	}()
	if _, code := quick.end(t); code != 1 || !strings.Contains(quick.errors.String(), "second signal") {
		t.Errorf("exit code %d after a second signal\n%s", code, &quick.errors)
	}
	if _, code := slow.end(t); code != 1 || !strings.Contains(slow.errors.String(), "giving up") {
		t.Errorf("exit code %d\n%s", code, &slow.errors)
	}
	if took := time.Since(began); took < shortStop || took > shortStop+5*time.Second { // 5 s for a stalled machine
		t.Errorf("took %s, want %s", took, shortStop)
	}
	if stopLimit <= wait.Grace || stopLimit >= 10*time.Second {
		t.Errorf("a stop may take %s, want more than %s and less than Docker gives", stopLimit, wait.Grace)
	}
}

func TestOps(t *testing.T) {
	ops := NewOps("probe")
	if err := ops.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer ops.Close()
	get := func(path string) (int, string) {
		resp, err := http.Get("http://" + ops.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	if code, body := get("/readyz"); code != 503 || !strings.Contains(body, "starting") {
		t.Errorf("/readyz before the service is ready: %d %s", code, body)
	}
	ops.ReadyWhen(func() error { return nil })
	if code, _ := get("/readyz"); code != 200 {
		t.Errorf("/readyz of a ready service: %d", code)
	}
	if code, _ := get("/livez"); code != 200 {
		t.Errorf("/livez: %d", code)
	}
	if _, body := get("/metrics"); !strings.Contains(body, `workshop_build_info{service="probe",version="dev"} 1`) {
		t.Errorf("/metrics has no build info:\n%s", body)
	}
}
