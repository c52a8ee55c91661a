//go:build unix

package guard

import (
	"os"
	"os/exec"
	"syscall"
)

// processGroup is a program and everything that it has started.
type processGroup struct{}

func newProcessGroup(cmd *exec.Cmd) (processGroup, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return processGroup{}, nil
}

// kill sends SIGKILL to the whole group, whose number is that of its first process.
func (processGroup) kill(first *os.Process) { syscall.Kill(-first.Pid, syscall.SIGKILL) }
