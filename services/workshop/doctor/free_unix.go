//go:build unix

package doctor

import "golang.org/x/sys/unix"

// free is what a user without privileges may still write.
func free(folder string) (uint64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil {
		return 0, err
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), nil
}
