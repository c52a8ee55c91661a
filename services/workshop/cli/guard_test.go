package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/standin"
)

// guarded runs a command under the guard; its environment is as of [standin.Watcher.Env]. Close ends the guard's
// input.
func guarded(t *testing.T, dir string, env []string, words ...string) (p *toolProcess, close func() error) {
	t.Helper()
	p = &toolProcess{}
	p.Cmd = exec.CommandContext(t.Context(), local.Binary(dir, toolName), append([]string{"guard", "--"}, words...)...)
	p.Env, p.Stdout, p.Stderr = env, &p.stdout, &p.stderr
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); p.Process.Kill() })
	return p, stdin.Close
}

func TestGuardEndsWithItsProgramsCode(t *testing.T) {
	w := standin.Watch(t)
	dir := standin.Binaries(t, studentName)
	student := local.Binary(dir, studentName)
	for _, c := range []struct {
		words []string
		want  int
	}{
		{[]string{student, "exit"}, 7},
		{[]string{student, "exit", "fixed"}, 5},
		{[]string{student, "--", "exit"}, 7},
		{[]string{student, "--help", "exit"}, 7}, // what stands after -- is not ours
		{[]string{filepath.Join(dir, "nothing")}, 127},
	} {
		p, _ := guarded(t, dir, append(w.Env(nil), "FAIL_AT_ID=7"), c.words...)
		if got := p.wait(); got != c.want {
			t.Errorf("%v: exit code %d, want %d\n%s", c.words, got, c.want, &p.stderr)
		}
	}
}

func TestGuardTellsOfASignalAsAShellDoes(t *testing.T) {
	needsSignals(t)
	w := standin.Watch(t)
	dir := standin.Binaries(t, studentName)
	p, _ := guarded(t, dir, append(w.Env(nil), "FAIL_AT_ID=0"), local.Binary(dir, studentName), "signal")
	if got, want := p.wait(), 128+int(syscall.SIGTERM); got != want {
		t.Errorf("exit code %d, want %d\n%s", got, want, &p.stderr)
	}
}

// Whatever ends the guard ends the program too, and what that has started. The program is deaf.
func TestGuardLeavesNothing(t *testing.T) {
	needsSignals(t)
	w := standin.Watch(t)
	dir := standin.Binaries(t, studentName)
	for _, c := range []struct {
		name string
		end  func(p *toolProcess, close func() error) error
	}{
		{"its input ends", func(_ *toolProcess, close func() error) error { return close() }},
		{"SIGTERM", func(p *toolProcess, _ func() error) error { return p.Process.Signal(syscall.SIGTERM) }},
		{"Ctrl-C", func(p *toolProcess, _ func() error) error { return p.Process.Signal(syscall.SIGINT) }},
	} {
		p, close := guarded(t, dir, append(w.Env(nil), "FAIL_AT_ID=0"), local.Binary(dir, studentName), "fork", "asleep")
		kafkatest.Eventually(t, "the program and its child run", func() bool { return w.Alive() == 2 })
		if err := c.end(p, close); err != nil {
			t.Fatal(err)
		}
		if got, want := p.wait(), 128+int(syscall.SIGKILL); got != want {
			t.Errorf("%s: exit code %d, want %d", c.name, got, want)
		}
		kafkatest.Eventually(t, "no process is left: "+c.name, func() bool { return w.Alive() == 0 })
	}
}

// A child that outlives its program would still be a member of the consumer group.
func TestGuardEndsWhatItsProgramLeft(t *testing.T) {
	w := standin.Watch(t)
	dir := standin.Binaries(t, studentName)
	p, _ := guarded(t, dir, append(w.Env(nil), "FAIL_AT_ID=7"), local.Binary(dir, studentName), "fork", "exit")
	if got := p.wait(); got != 7 {
		t.Errorf("exit code %d, want 7\n%s", got, &p.stderr)
	}
	kafkatest.Eventually(t, "no process is left", func() bool { return w.Alive() == 0 })
	if n := w.Started(); n != 2 {
		t.Errorf("%d processes ran, want 2", n)
	}
}

func TestGuardIsNotInTheHelp(t *testing.T) {
	var stdout standin.Output
	tool := &tool{stdout: &stdout, stderr: &stdout, kill: t.Context()}
	tool.run(t.Context(), []string{"--help"})
	if strings.Contains(stdout.String(), "guard") {
		t.Errorf("it is:\n%s", &stdout)
	}
}

// A lab that is ended in its middle, in whatever way, leaves neither the student's program nor its
// child nor the guard behind.
func TestEndedLabLeavesNoStudent(t *testing.T) {
	t.Parallel()
	needsSignals(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			w := standin.Watch(t)
			dir, env := workshopWithStudent(t, w)
			p := startTool(t, dir, env, "lab", "run", "at-least-once", "--pace", "1s", "--scoreboard", "$STUDENT fork asleep")
			kafkatest.Eventually(t, "the program and its child run", func() bool { return w.Alive() == 2 })
			guard := 0
			kafkatest.Eventually(t, "the program has named its parent", func() bool {
				if m := regexp.MustCompile(`parent=(\d+)`).FindStringSubmatch(p.stdout.String()); m != nil {
					guard, _ = strconv.Atoi(m[1])
				}
				return guard > 0
			})
			if guard == p.Process.Pid || gone(guard) {
				t.Fatalf("no guard: the program's parent is %d, the tool's process %d", guard, p.Process.Pid)
			}
			if err := p.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if got, want := p.wait(), map[syscall.Signal]int{syscall.SIGINT: 2, syscall.SIGKILL: -1}[sig]; got != want {
				t.Errorf("exit code %d, want %d\n%s", got, want, &p.stderr)
			}
			kafkatest.Eventually(t, "nothing is left", func() bool { return w.Alive() == 0 && gone(guard) })
		})
	}
}

// gone reports whether a process has ended. One whose new parent has not asked for its exit code yet
// is gone.
func gone(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil || process.Signal(syscall.Signal(0)) != nil {
		return true
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && strings.Contains(string(stat), ") Z ")
}
