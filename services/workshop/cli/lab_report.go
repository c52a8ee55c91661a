package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"workshop.example/kit/replace"
	"workshop.example/kit/service"
)

// checkReport reports whether the page can be written, before a lab works ten seconds for it. An empty path means no page.
func checkReport(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return service.UsageError(fmt.Sprintf("--report: %s is a folder; name a file", path))
	}
	probe, err := os.CreateTemp(filepath.Dir(path), replace.Temporary)
	if err != nil {
		return service.UsageError(fmt.Sprintf("--report: no file can be made in %s: %v; name another", filepath.Dir(path), errors.Unwrap(err)))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeReport writes the page to a temporary file and renames it, so that an error leaves the previous page as it was and
// never half of a new one. A path that is not a regular file, such as /dev/stdout, is written to directly.
func writeReport(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		if mode = info.Mode(); !mode.IsRegular() {
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			return errors.Join(write(file), file.Close())
		}
	}
	err := replace.File(path, func(file *os.File) error { return errors.Join(write(file), file.Chmod(mode)) })
	if err != nil {
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	return nil
}
