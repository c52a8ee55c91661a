//go:build !windows

package rig

import (
	"os"
	"os/exec"
	"syscall"
)

// Pause is the signal that keeps a process from running, nil where there is none; resume ends it.
var Pause, resume os.Signal = syscall.SIGSTOP, syscall.SIGCONT

// ownGroup keeps Ctrl-C, which a terminal sends to all programs in front, from a command that stops or starts
// a broker: what it has begun it is to end.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
