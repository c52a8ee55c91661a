//go:build !windows

package fold

import (
	"os"

	"golang.org/x/sys/unix"
)

// terminalWidth is 0 where f is no terminal, or one that does not tell.
func terminalWidth(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
