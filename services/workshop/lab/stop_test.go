package lab

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

// Ctrl-C in the middle of a lab: what it has started ends, and its folder is gone.
func TestCancelled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		lab  Lab
		when string // a line of the lab; empty: at a random moment
	}{
		{zombie, "board a is paused"},
		{hangingTransaction, "was killed with its transaction of id 5 open"},
		{exactlyOnce, ""},
		{idempotence, ""},
		{fencing, ""},
		{consumerGroups, "kill -9 of"},
		{offsets, "match 2 is in the topic"},
		{order, ""},
		{partitions, "key ana"},
		{retention, ""},
		{sendModes, ""},
		{fetchSize, ""},
	} {
		delay := time.Duration(rng.Int64N(int64(2 * time.Second)))
		t.Run(c.lab.Name, func(t *testing.T) {
			t.Parallel()
			if c.lab.Name == "zombie" && rig.Pause == nil {
				return // TestLabs looks at that
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stopped := make(chan time.Time, 9)
			stop := func() {
				stopped <- time.Now()
				cancel()
			}
			o := rig.Options{Pace: 100 * time.Millisecond, Say: func(text service.Text) {
				if c.when != "" && strings.Contains(text.EN, c.when) {
					stop()
				}
			}}
			l := c.lab
			l.run = func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
				if c.when == "" {
					time.AfterFunc(delay, stop) // not to wait for a state: to meet any
				}
				return c.lab.run(ctx, b)
			}
			if _, err := run(t, ctx, l, o); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if took := time.Since(<-stopped); took > 2*rig.StopGrace {
				t.Errorf("ended %s after the stop", took)
			}
		})
	}
}
