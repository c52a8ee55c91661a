package lab

import (
	"slices"
	"strings"
	"testing"

	"workshop.example/workshop/report"
)

// Every file is somebody's, and every control has its words.
func TestWordsFiles(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	controls := map[string][]string{} // by lab
	for _, c := range Labs.Controls() {
		controls[c.Of] = append(controls[c.Of], c.Name)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".toml")
		if _, ok := Labs.Find(name); !ok {
			t.Errorf("%s: there is no lab %s", e.Name(), name)
		}
		w, err := report.ReadWords(files, name)
		if err != nil {
			t.Error(err)
		}
		for control := range w.Controls {
			if !slices.Contains(controls[name], control) {
				t.Errorf("%s: the lab has no control %s", e.Name(), control)
			}
		}
		for _, control := range controls[name] {
			if _, ok := w.Controls[control]; !ok {
				t.Errorf("%s: no words for the control %s", e.Name(), control)
			}
		}
	}
}
