package kafkatest

import "os"

// OwnState gives the tests of a package, and all programs that they start, an empty folder for what the programs keep for their user
// (XDG_STATE_HOME). The function that it returns removes the folder.
func OwnState() (remove func(), err error) {
	dir, err := os.MkdirTemp("", "state-*")
	if err != nil {
		return nil, err
	}
	return func() { os.RemoveAll(dir) }, os.Setenv("XDG_STATE_HOME", dir)
}
