package cli

import (
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/service"
)

func TestChosenControls(t *testing.T) {
	name := strings.ToLower
	for _, c := range []struct{ names, want []string }{
		{nil, []string{"A", "B", "C"}},
		{[]string{"c", "a"}, []string{"A", "C"}},
	} {
		if got, err := selectControls([]string{"A", "B", "C"}, name, c.names); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, %v, want %v", c.names, got, err, c.want)
		}
	}
	if got, err := selectControls([]string{"A", "B"}, name, []string{"a", "d"}); err == nil {
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
