package rig

import (
	"os/exec"
	"syscall"
)

// endWithParent has the process killed when this one dies. Programs end by themselves then, as their
// standard input does; but one that is paused could not.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
