package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// held are the programs that this executable is as well, by their names.
var held map[string]func()

// Hold says which programs this executable is as well, where it is called by their names. [Start] then starts it again for one of
// them that is not there as a file. Hold must be called before any other function of this package.
func Hold(programs map[string]func()) { held = programs }

// Exists reports whether Start has a program for a path.
func Exists(path string) bool { return isFile(path) || holds(path) }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func holds(path string) bool { return held[strings.TrimSuffix(filepath.Base(path), ".exe")] != nil }

// command is [exec.Command], for a program that this executable holds too. The path is then its first argument alone.
func command(path string, args []string) *exec.Cmd {
	if isFile(path) || !holds(path) {
		return exec.Command(path, args...)
	}
	self, err := os.Executable()
	cmd := exec.Command(self, args...)
	cmd.Args[0] = path
	if err != nil {
		cmd.Err = err
	}
	return cmd
}
