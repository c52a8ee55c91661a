package experiment

import (
	"fmt"
	"testing"
	"testing/fstest"
)

// The order is that of the places, whichever file of the package is first. What has no place can be found, and is not listed.
func TestRegistry(t *testing.T) {
	const words = "[pt]\nsummary = 's'\nwill = ['a', 'b', 'c']\nwhy = 'w'\n[en]\nsummary = 'S'\nwill = ['A', 'B', 'C']\nwhy = 'W'\n" +
		"[controls.mistake.pt]\nswap = 'x'\nwant = 'y'\n[controls.mistake.en]\nswap = 'X'\nwant = 'Y'\n"
	r := NewRegistry(fstest.MapFS{
		"late.toml":   {Data: []byte("place = 20\n" + words)},
		"early.toml":  {Data: []byte("place = 3\n" + words)},
		"hidden.toml": {Data: []byte(words)},
	})
	for _, name := range []string{"hidden", "late", "early"} {
		r.Add(Spec{Name: name, Controls: []Control{{Name: "mistake"}}})
	}
	if got := fmt.Sprint(r.Names()); got != "[early late]" {
		t.Errorf("listed are %s", got)
	}
	if s, ok := r.Find("hidden"); !ok || s.Summary.EN != "S" {
		t.Errorf("hidden: %+v, %t", s, ok)
	}
	if _, ok := r.Find("nobody"); ok {
		t.Error("there is one that nobody has registered")
	}
	of := ""
	for _, c := range r.Controls() {
		of += c.Of + " " + c.Want.EN + " "
	}
	if of != "early Y late Y hidden Y " {
		t.Errorf("controls: %s", of)
	}
}
