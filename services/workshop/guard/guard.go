// Package guard runs a program that somebody else wrote and leaves nothing of it behind.
package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// StartError reports that a program could not be started.
type StartError struct {
	Words []string // its command line
	Err   error
}

func (e *StartError) Error() string { return fmt.Sprintf("%s: %v", strings.Join(e.Words, " "), e.Err) }
func (e *StartError) Unwrap() error { return e.Err }

// Run runs a program in a process group of its own and kills the whole group when ctx ends, or when the program itself
// has ended: a process that it left behind would still be a member of its consumer group. The program's input is empty;
// its output and errors go straight to those of this process.
//
// Run returns the program's exit code, or 128 and the signal's number where a signal has ended it. The error is a
// [*StartError] if the program could not be started.
func Run(ctx context.Context, words []string) (code int, err error) {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	group, err := newProcessGroup(cmd)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return 0, &StartError{words, err}
	}
	defer context.AfterFunc(ctx, func() { group.kill(cmd.Process) })()
	err = cmd.Wait()
	group.kill(cmd.Process)
	exit, failed := errors.AsType[*exec.ExitError](err)
	if !failed {
		return 0, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
