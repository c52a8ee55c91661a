package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// readerGone reports whether err is that nobody reads our standard output any more, as in «workshop lab list
// | head -3»: the reader has what it wanted, so that is no failure. A broken connection to a broker is
// another matter, though it may be the same error number.
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
