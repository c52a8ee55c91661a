package store

import (
	"os"
	"path/filepath"

	"workshop.example/kit/service"
)

// DirFromEnv reads STATE_DIR, the folder in which a service's file lies.
func DirFromEnv(env *service.Env) string {
	dir := ""
	if cache, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(cache, "kafka-workshop", "ecommerce")
	}
	return env.Text("STATE_DIR", dir, "a folder that can be written", "where the SQLite file lies")
}
