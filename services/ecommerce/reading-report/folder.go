package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

//go:embed report.txt
var template string

// folder is where reports are written.
type folder string

// temporary is the pattern of names that are no report yet.
const temporary = ".report-*.tmp"

// openFolder makes the folder where it is missing, and removes what a crash has left half written.
func openFolder(dir string) (folder, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if left, _ := filepath.Match(temporary, entry.Name()); !left {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return folder(dir), nil
}

// write writes a user's report and returns its path. The name appears with the last step, so that nobody
// ever sees half a report; two workers with the same user write two temporary files, and the later name
// stays.
func (f folder) write(user string) (path string, err error) {
	path = filepath.Join(string(f), user+"-report.txt")
	file, err := os.CreateTemp(string(f), temporary)
	if err != nil {
		return "", fmt.Errorf("write the report: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	_, err = file.WriteString(template + "Created for " + user + "\n")
	if err == nil {
		err = file.Chmod(0o644)
	}
	if err == nil {
		err = file.Sync() // before the rename, or a power failure could leave the name with nothing behind it
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("write the report, make room if the disk is full: %w", err)
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return "", fmt.Errorf("name the report: %w", err)
	}
	return path, f.sync()
}

// sync brings the new name to the disk. Windows does so by itself, and has no other way.
func (f folder) sync() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(string(f))
	if err != nil {
		return fmt.Errorf("name the report: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
