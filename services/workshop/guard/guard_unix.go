//go:build unix

package guard

import (
	"os"
	"os/exec"
	"syscall"
)

// processGroup is a program and what it has started.
type processGroup struct{}

func newProcessGroup(cmd *exec.Cmd) (processGroup, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return processGroup{}, nil
}

// kill is kill -9 for all of the group, whose number is that of its first process.
func (processGroup) kill(first *os.Process) { syscall.Kill(-first.Pid, syscall.SIGKILL) }
