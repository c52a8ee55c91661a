//go:build labs || docker || brokers

package acceptance

import (
	"log"
	"os"
	"path/filepath"
	"testing"

	"workshop.example/kit/kafkatest"
)

// TestMain keeps which labs are done, which every lab notes, apart from what this user has done.
func TestMain(m *testing.M) {
	remove, err := kafkatest.OwnState()
	if err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	remove()
	os.Exit(code)
}

// root is the repository's root folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
