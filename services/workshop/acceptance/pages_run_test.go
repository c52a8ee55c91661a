//go:build labs

package acceptance

import (
	"strings"
	"testing"
)

// Every command of every page that needs neither Docker nor real brokers is run, word for word, and its
// output and exit code are what the page says.
func TestPages(t *testing.T) {
	dir := classroom(t)
	for _, p := range pages(t) {
		t.Run(p.name(), func(t *testing.T) {
			t.Parallel()
			p.run(t, dir, func(s step) bool { return !s.has("docker") && !s.has("brokers") })
		})
	}
}

// The control: a page that says something else turns red.
func TestPageThatIsWrong(t *testing.T) {
	const output = "laboratório x\n\nboard | 1 - 0\nboard | partida 12ab34cd\nproduzidas 47 · perdidas 1 (id 5)\nfim"
	for _, c := range []struct {
		name, page string
		ok         bool
	}{
		{"as it is", "laboratório x\n...\nboard | partida 00000000\n...\nfim", true},
		{"another number", "...\nproduzidas 47 · perdidas 2 (id 5)\n...", false},
		{"another order", "...\nboard | partida 12ab34cd\n...\nboard | 1 - 0\n...", false},
		{"a line in between that is not quoted", "...\nboard | 1 - 0\nproduzidas 47 · perdidas 1 (id 5)\n...", false},
		{"an end that is none", "laboratório x\n...\nboard | 1 - 0", false},
	} {
		p, err := parsePage("<!-- varia: partida -->\n```sh\nx\n```\n```text\n" + c.page + "\n```\n")
		if err != nil {
			t.Fatal(err)
		}
		if missing, ok := p.check(strings.Split(output, "\n"), p.steps[0].want); ok != c.ok {
			t.Errorf("%s: ok is %t, missing %q", c.name, ok, missing)
		}
	}
	if _, err := parsePage("<!-- varia: tudo -->"); err == nil {
		t.Error("a mask that does not exist is accepted")
	}
}
