package scoreboard

import (
	"testing"

	"workshop.example/kit/kafkatest"
)

// What the board says about ids on the screen is in the metrics too, whichever way it commits.
func TestMissedAndRepeatedIDsAreCounted(t *testing.T) {
	for _, delivery := range []string{atLeastOnce, exactlyOnce} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "scoreGame:1", "scoreGame.dlq:1", "scoreBoard:1")
			c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0), a(4, 4, 0), a(4, 4, 0), end(a(6, 5, 0)))...)
			r := kafkatest.StartRun(t, env(c, "DELIVERY", delivery), configure, run)
			if err := r.Wait(); err != nil {
				t.Fatal(err)
			}
			got := kafkatest.Metrics(t, r.Ops.Registry)
			for name, want := range map[string]float64{
				"workshop_ids_missed_total": 3, "workshop_ids_repeated_total": 1, "workshop_messages_read_total": 4,
			} {
				if got[name] != want {
					t.Errorf("%s: %g, want %g", name, got[name], want)
				}
			}
		})
	}
}
