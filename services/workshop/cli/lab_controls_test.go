package cli

import (
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/workshop/experiment"
)

func TestChosenControls(t *testing.T) {
	all := []experiment.Control{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, "a b c"},
		{[]string{"c", "a"}, "a c"},
	} {
		got, err := selectControls(slices.Clone(all), c.names)
		var names []string
		for _, g := range got {
			names = append(names, g.Name)
		}
		if strings.Join(names, " ") != c.want || err != nil {
			t.Errorf("%v: %v, %v, want %s", c.names, names, err, c.want)
		}
	}
	if got, err := selectControls(all, []string{"a", "d"}); err == nil {
		t.Errorf("a name that there is not chooses %v", got)
	}
}

func TestControlsLine(t *testing.T) {
	for _, c := range []struct {
		lang                service.Lang
		caught, tried, left int
		want                string
	}{
		{service.Portuguese, 6, 6, 2, "controles detectados 6/6 (mais 2 precisam de brokers de verdade)"},
		{service.Portuguese, 8, 8, 0, "controles detectados 8/8"},
		{service.English, 8, 8, 0, "controls caught 8/8"},
		{service.English, 5, 6, 2, "controls caught 5/6 (2 more need real brokers)"},
	} {
		if got := controlsLine(c.lang, c.caught, c.tried, c.left); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
