package process

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the system kill the program when this process dies. A program that watches its standard input would
// end by itself, but not while it is paused.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
