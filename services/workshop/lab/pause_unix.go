//go:build !windows

package lab

import (
	"os"
	"syscall"
)

var pause, resume os.Signal = syscall.SIGSTOP, syscall.SIGCONT
