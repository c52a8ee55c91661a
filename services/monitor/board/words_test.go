package board

import (
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// The page has each text in both languages, uses all of them, and no other.
func TestWords(t *testing.T) {
	var sources strings.Builder
	sources.WriteString(pageText)
	paths, _ := fs.Glob(files, "static/*.js")
	for _, path := range paths {
		text, err := fs.ReadFile(files, path)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:words\.|\{\{\.)([A-Z]\w*)`).FindAllStringSubmatch(sources.String(), -1) {
		used[m[1]] = true
	}
	pt, en := reflect.ValueOf(portuguese), reflect.ValueOf(english)
	values := regexp.MustCompile(`\{\w+\}`)
	for i := range pt.NumField() {
		name := pt.Type().Field(i).Name
		a, b := pt.Field(i).String(), en.Field(i).String()
		if a == "" || b == "" || !used[name] {
			t.Errorf("%s: %q, %q, used %t", name, a, b, used[name])
		}
		if va, vb := values.FindAllString(a, -1), values.FindAllString(b, -1); !reflect.DeepEqual(va, vb) {
			t.Errorf("%s has %v in Portuguese and %v in English", name, va, vb)
		}
		delete(used, name)
	}
	if len(used) > 0 {
		t.Errorf("there are no texts %v", used)
	}
}
