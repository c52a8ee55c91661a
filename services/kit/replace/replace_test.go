package replace

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	say := func(text string, err error) func(*os.File) error {
		return func(f *os.File) error {
			_, wrong := f.WriteString(text)
			return errors.Join(wrong, err)
		}
	}
	broken := errors.New("broken")
	for _, step := range []struct {
		text string
		err  error
		want string
	}{
		{"first", nil, "first"},
		{"second", nil, "second"},
		{"half of the thi", broken, "second"},
	} {
		if err := File(path, say(step.text, step.err)); !errors.Is(err, step.err) {
			t.Errorf("%s: %v", step.text, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != step.want {
			t.Errorf("after %q the file has %q, %v", step.text, got, err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, Temporary)); err != nil || len(left) > 0 {
			t.Errorf("after %q there is %v, %v", step.text, left, err)
		}
	}
	if err := File(filepath.Join(dir, "nowhere", "file"), say("", nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a folder that is not there: %v", err)
	}
}
