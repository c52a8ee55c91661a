package readingreport

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"workshop.example/kit/replace"
)

//go:embed report.txt
var template string

// folder is where reports are written.
type folder string

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
		if left, _ := filepath.Match(replace.Temporary, entry.Name()); !left {
			continue
		}
		if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return folder(dir), nil
}

// write writes a user's report and returns its path. The name appears with the last step, so that nobody ever sees half a report; of
// two workers with the same user the later stays.
func (f folder) write(user string) (path string, err error) {
	path = filepath.Join(string(f), user+"-report.txt")
	err = replace.File(path, func(file *os.File) error {
		_, err := file.WriteString(template + "Created for " + user + "\n")
		return errors.Join(err, file.Chmod(0o644))
	})
	if err != nil {
		return "", fmt.Errorf("write the report, make room if the disk is full: %w", err)
	}
	return path, nil
}
