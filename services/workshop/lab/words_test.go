package lab

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Every file is somebody's, and every control has its words.
func TestWordsFiles(t *testing.T) {
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	controls := map[string][]string{} // by lab
	for _, c := range Controls() {
		controls[c.Lab] = append(controls[c.Lab], c.Name)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".toml")
		if _, ok := Find(name); !ok {
			t.Errorf("%s: there is no lab %s", e.Name(), name)
		}
		w, err := ReadWords(files, name)
		if err != nil {
			t.Error(err)
		}
		for control := range w.controls {
			if !slices.Contains(controls[name], control) {
				t.Errorf("%s: the lab has no control %s", e.Name(), control)
			}
		}
		for _, control := range controls[name] {
			if _, ok := w.controls[control]; !ok {
				t.Errorf("%s: no words for the control %s", e.Name(), control)
			}
		}
	}
}

func TestWordsThatAreMissingAreNamed(t *testing.T) {
	const whole = "[pt]\nsummary = 'a'\nwill = ['b', 'c', 'd']\nwhy = \"\"\"\ne\n f\"\"\"\n" +
		"[en]\nsummary = 'a'\nwill = ['b', 'c', 'd']\nwhy = 'e'\n" +
		"[controls.x.pt]\nswap = 'g'\nwant = 'h'\n[controls.x.en]\nswap = 'g'\nwant = 'h'\n"
	for _, c := range []struct{ from, to, want string }{
		{"", "", ""},
		{"why = 'e'\n", "", "l.toml: no why in en"},
		{"'d'", "' '", "l.toml: no will[2] in pt"},
		{", 'd'", "", "l.toml: will is 2 texts in pt and 3 in en, want 3"},
		{"want = 'h'\n", "", "l.toml: no x.want in pt"},
		{"summary", "sumary", "l.toml: unknown key pt.sumary\nl.toml: no summary in pt"},
	} {
		text := strings.Replace(whole, c.from, c.to, 1)
		w, err := ReadWords(fstest.MapFS{"l.toml": {Data: []byte(text)}}, "l")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q for %q: got error %q, want %q", c.to, c.from, got, c.want)
		}
		if err == nil && w.Why.PT != "e f" {
			t.Errorf("got %q, want line breaks to be spaces", w.Why.PT)
		}
	}
}
