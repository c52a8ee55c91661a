package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What up runs, compose runs too, under the same name, each as a static member.
func TestComposeRunsTheSameServices(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "..", "compose", "ecommerce.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range EcommerceNames() {
		for _, want := range []string{
			"\n  " + name + ":\n", "SERVICE: " + name + "}", "kafka-workshop/" + name + ":", "GROUP_INSTANCE_ID: " + name + "-1",
		} {
			if !strings.Contains(string(file), want) {
				t.Errorf("compose/ecommerce.yaml lacks %q", want)
			}
		}
	}
}

// The page is announced behind the lines of the services that start, or it would scroll away; and also where
// they never end.
func TestThePageIsAnnouncedLast(t *testing.T) {
	for _, c := range []struct {
		name                 string
		answers, quiet, want time.Duration // since the start: the page answers, the last line, the announcement
	}{
		{"the services are loud until later", 2 * time.Second, 5 * time.Second, 6 * time.Second},
		{"the page is late", 8 * time.Second, time.Second, 8 * time.Second},
		{"never quiet", 2 * time.Second, time.Hour, 2*time.Second + mostNoise},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			answers := func() bool { return time.Since(began) >= c.answers }
			quiet := func() time.Duration { return max(0, time.Since(began)-c.quiet) }
			if err := untilCalm(t.Context(), answers, quiet); err != nil || time.Since(began) != c.want {
				t.Errorf("%s: announced after %s (%v), want %s", c.name, time.Since(began), err, c.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if untilCalm(ctx, func() bool { return true }, func() time.Duration { return time.Hour }) == nil {
		t.Error("announced though all is over")
	}
}

func TestPageURL(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080/", ":8080": "http://127.0.0.1:8080/", "0.0.0.0:81": "http://127.0.0.1:81/",
		"[::]:81": "http://127.0.0.1:81/", "shop.local:80": "http://shop.local:80/",
	} {
		if got := pageURL(addr); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
		}
	}
}
