package main

import (
	"testing"

	"workshop.example/kit/service"
)

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
