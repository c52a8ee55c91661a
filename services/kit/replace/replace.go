// Package replace writes files of which nobody ever sees a half.
package replace

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// Temporary is the pattern of names in a folder that a crash has left half written.
const Temporary = ".new-*.tmp"

// File writes a file beside path, and gives it that name in the last step: whoever reads path gets the old content or the new, also
// after a power failure. Of two writers at once the later stays. The file is its owner's alone (mode 0600) unless write changes that.
// An error leaves what was there.
func File(path string, write func(*os.File) error) (err error) {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, Temporary)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	if err = write(file); err == nil {
		err = file.Sync() // or the name could be there after a power failure with nothing behind it
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// syncFolder brings a new name to the disk. Windows does so by itself, and has no other way.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
