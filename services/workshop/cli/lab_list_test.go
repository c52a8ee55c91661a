package cli

import (
	"strings"
	"testing"

	"workshop.example/workshop/lab"
)

// Scripts repeat what is listed: with --embedded every lab but those that kill brokers, in the order of the course.
func TestLabList(t *testing.T) {
	all, embedded := "", ""
	for _, l := range lab.Labs.All() {
		all += l.Name + " "
		if !l.Brokers {
			embedded += l.Name + " "
		}
	}
	if all == embedded {
		t.Fatal("no lab kills brokers: then this proves nothing")
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"lab", "list"}, all},
		{[]string{"lab", "list", "--embedded"}, embedded},
	} {
		code, stdout, stderr := command(t.Context(), "", c.args...)
		names := ""
		for line := range strings.Lines(stdout.String()) {
			names += strings.Fields(line)[0] + " "
		}
		for _, l := range lab.Labs.All() {
			marked := strings.Contains(stdout.String(), l.Summary.PT+" (brokers de verdade)\n")
			if listed := strings.Contains(stdout.String(), l.Summary.PT); listed && marked != l.Brokers {
				t.Errorf("%v: %s needs real brokers: %t, and is marked: %t", c.args, l.Name, l.Brokers, marked)
			}
		}
		if code != 0 || names != c.want {
			t.Errorf("%v: exit code %d, labs %s, want %s\n%s", c.args, code, names, c.want, stderr)
		}
	}
}
