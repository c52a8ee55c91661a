package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func page(text string, err error) func(io.Writer) error {
	return func(w io.Writer) error {
		_, werr := io.WriteString(w, text)
		return errors.Join(werr, err)
	}
}

// A page that cannot be written to its end leaves what was there, and nothing of itself.
func TestReportIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	full := errors.New("no space left on device")
	if err := writeReport(path, page("half", full)); !errors.Is(err, full) || !strings.Contains(err.Error(), path+" was not written") {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := writeReport(path, page("one", nil)); err != nil {
		t.Fatal(err)
	}
	writeReport(path, page("half", full))
	if text, _ := os.ReadFile(path); string(text) != "one" {
		t.Errorf("the page of before is now %q", text)
	}
	link := filepath.Join(dir, "link.html")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := writeReport(link, page("two", nil)); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	info, _ := os.Stat(path)
	if left, _ := os.ReadDir(dir); string(text) != "two" || info.Mode().Perm() != 0o644 || len(left) != 2 {
		t.Errorf("by a link: %q, mode %v, files %v", text, info.Mode(), left)
	}
	if err := writeReport("", page("", full)); err != nil {
		t.Errorf("no page was asked for: %v", err)
	}
}

func TestReportThatIsNoFile(t *testing.T) {
	if err := writeReport(os.DevNull, page("x", nil)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s was replaced: %v %v", os.DevNull, info, err)
	}
	for path, want := range map[string]string{
		t.TempDir(): "is a folder; name a file",
		filepath.Join(t.TempDir(), "nowhere", "page.html"): "no file can be made in",
	} {
		if err := checkReport(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--report %s: %v, want %q", path, err, want)
		}
	}
}
