//go:build !windows

package lab

import "syscall"

type pauseSignal = syscall.Signal

const (
	sigStop     = syscall.SIGSTOP
	sigContinue = syscall.SIGCONT
)

func sendSignal(pid int, sig pauseSignal) error { return syscall.Kill(pid, sig) }
