package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"workshop.example/kit/service"
)

// checkReport finds out whether the page can be written, before ten seconds of work for it. An empty path is no page.
func checkReport(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return service.UsageError(fmt.Sprintf("--report: %s is a folder; name a file", path))
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return service.UsageError(fmt.Sprintf("--report: no file can be made in %s: %v; name another", filepath.Dir(path), errors.Unwrap(err)))
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeReport writes the page beside its place, and then puts it there: a lab that has no verdict, or a disk that is
// full, leaves the last page as it was, and no half of a new one. What is no file, such as /dev/stdout, is written to.
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
	file, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(file), file.Chmod(mode), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
		return fmt.Errorf("%s was not written: %w", path, err)
	}
	return nil
}
