package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// readerGone reports whether err says that nobody reads standard output any more, as in «workshop lab list | head -3».
// That is no failure: the reader has what it wanted. A broken connection to a broker is one, though its error number may
// be the same.
func readerGone(err error, stdout io.Writer) bool {
	file, ok := stdout.(*os.File)
	failed, ofFile := errors.AsType[*fs.PathError](err)
	if !ok || !ofFile || failed.Path != file.Name() {
		return false
	}
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // ERROR_BROKEN_PIPE, ERROR_NO_DATA
	errno, _ := errors.AsType[syscall.Errno](failed.Err)
	return errno == syscall.EPIPE || runtime.GOOS == "windows" && (errno == brokenPipe || errno == noData)
}
