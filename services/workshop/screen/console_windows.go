package screen

import (
	"os"

	"golang.org/x/sys/windows"
)

// understandsColour switches the console's escape sequences on, which older ones leave off and the
// oldest do not have.
func understandsColour(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(h, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
