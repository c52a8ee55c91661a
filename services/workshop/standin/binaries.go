package standin

import (
	"os"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/local"
)

// Binaries returns a folder with the tool and stand-ins for these services.
func Binaries(t *testing.T, names ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range append(names, "workshop") {
		path := local.Binary(dir, name)
		if err := Link(self, path); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Link gives a program a second path: by a copy where the folders are on two disks.
func Link(program, path string) error {
	if os.Link(program, path) == nil {
		return nil
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o755)
}

// Output is what a process printed.
type Output struct{ kafkatest.Output }

// Contains fails the test if the output lacks a text.
func (o *Output) Contains(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(o.String(), text) {
		t.Errorf("the output lacks %q:\n%s", text, o)
	}
}
