//go:build !windows

package process

import (
	"os"
	"os/exec"
	"syscall"
)

// PauseSignal keeps a process from running until ResumeSignal; both are nil on Windows, which has no such signals.
var PauseSignal, ResumeSignal os.Signal = syscall.SIGSTOP, syscall.SIGCONT

// OwnGroup makes cmd start in a process group of its own, which Ctrl-C on the terminal does not reach. It does nothing on
// Windows.
func OwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
