package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
	"workshop.example/workshop/standin"
)

// TestMain makes the test binary serve as all the programs: under a link named for one of the
// services it is a stand-in for that one, under the tool's own name it is the tool, and under
// studentName it is a student's scoreboard.
func TestMain(m *testing.M) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	switch {
	case name == toolName:
		os.Exit(Main(nil))
	case name == studentName:
		os.Exit(studentMain(os.Args[1:]))
	case slices.Contains(local.ServiceNames(), name):
		os.Exit(standin.Run(name))
	default:
		remove, err := kafkatest.OwnState()
		if err != nil {
			log.Fatal(err)
		}
		code := m.Run()
		remove()
		os.Exit(code)
	}
}

// toolProcess is the tool as a process of its own.
type toolProcess struct {
	*exec.Cmd
	stdout, stderr standin.Output
}

// startTool runs the tool that stands in dir; it is killed when the test ends before it.
func startTool(t *testing.T, dir string, env []string, args ...string) *toolProcess {
	t.Helper()
	p := &toolProcess{}
	p.start(t, &p.stdout, dir, env, args...)
	return p
}

func (p *toolProcess) start(t *testing.T, stdout io.Writer, dir string, env []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*kafkatest.Deadline)
	t.Cleanup(cancel)
	p.Cmd = exec.CommandContext(ctx, local.Binary(dir, toolName), args...)
	p.Env = env
	p.Stdout, p.Stderr = stdout, &p.stderr
	p.WaitDelay = time.Second
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit code.
func (p *toolProcess) wait() int {
	p.Wait()
	return p.ProcessState.ExitCode()
}

func needsSignals(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent a signal on Windows")
	}
}

func listPorts(ports []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ","), "[]")
}
