package store

import (
	"fmt"
	"os"
	"path/filepath"

	"workshop.example/kit/service"
)

// DirFromEnv reads STATE_DIR, the folder of a service's SQLite file. The default is this user's cache
// folder; one that has none has to choose.
func DirFromEnv(env *service.Env) string {
	fallback := ""
	if cache, err := os.UserCacheDir(); err == nil {
		fallback = filepath.Join(cache, "kafka-workshop")
	}
	dir := env.Text("STATE_DIR", fallback, "a folder that can be written", "where the SQLite file lies")
	if dir == "" {
		env.Fail("STATE_DIR", "this user has no cache folder: give a folder that can be written")
	}
	return dir
}

// Failed is an error of SQLite, with what was being done and what can be done about it. It names no
// value that was to be stored.
func Failed(doing string, err error) error {
	if remedy := Remedy(err); remedy != "" {
		return fmt.Errorf("%s: %w: %s", doing, err, remedy)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
