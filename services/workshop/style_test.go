package workshop

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// widest is how many characters a line of Go may have, a tab counted as one.
const widest = 140

// tooWide returns the numbers of the lines that are too wide. A line with a raw string may be: there is no way to break it.
func tooWide(source string) []int {
	var wide []int
	for i, line := range strings.Split(source, "\n") {
		if utf8.RuneCountInString(line) > widest && !strings.Contains(line, "`") {
			wide = append(wide, i+1)
		}
	}
	return wide
}

func TestLinesAreNotTooWide(t *testing.T) {
	files := 0
	err := filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && path != repository && installed(entry.Name()) { // .kafka, where brokers write and delete
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, line := range tooWide(string(source)) {
			t.Errorf("%s:%d: more than %d characters", path, line, widest)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Errorf("%d files looked at: %v", files, err)
	}
}

// The control: characters are counted, not bytes.
func TestAWideLineIsFound(t *testing.T) {
	fits, wide := strings.Repeat("é", widest), strings.Repeat("é", widest+1)
	if got := fmt.Sprint(tooWide(fits + "\n" + wide + "\n`" + wide + "`")); got != "[2]" {
		t.Errorf("too wide are the lines %s, want [2]", got)
	}
}
