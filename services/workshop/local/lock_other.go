//go:build !windows

package local

import (
	"errors"
	"os"
	"syscall"
)

// openLocked opens a file and takes its lock, which no service inherits: os opens files so that
// they are closed in children.
func openLocked(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
