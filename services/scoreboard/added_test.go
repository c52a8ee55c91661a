package scoreboard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// Every board reads partitions that are added to its topic. Exactly once it needs one more on BOARD_TOPIC
// too: it says so, and goes on once it is there.
func TestBoardsReadAddedPartitions(t *testing.T) {
	t.Parallel()
	for _, delivery := range []string{autoCommit, atMostOnce, atLeastOnce, exactlyOnce} {
		t.Run(delivery, func(t *testing.T) {
			t.Parallel()
			c := startForBoards(t)
			r := kafkatest.StartRun(t, onceEnv(t, c, "DELIVERY", delivery, "MATCHES", "0"), func(env *service.Env) config {
				cfg := configure(env)
				cfg.cluster.MetadataAge = 300 * time.Millisecond
				return cfg
			}, run)
			c.ProduceValues("scoreGame", values(t, "m1", 1e9, a(1, 1, 0))...)
			r.WaitFor("1 - 0")
			c.AddPartitions("scoreGame", 2)
			c.SendTo("scoreGame", 1, values(t, "m2", 2e9, b(1, 0, 1), b(2, 0, 2), b(3, 0, 3))...)
			if delivery == exactlyOnce {
				kafkatest.Eventually(t, "the board says what is missing", func() bool {
					return strings.Contains(r.Logs.String(), "workshop topics alter scoreBoard --partitions")
				})
				c.AddPartitions("scoreBoard", 2)
			}
			r.WaitFor("0 - 3")
			if got := strings.Join(scoreLines(r.Out.Lines()), ","); strings.Count(got, "0 - ") != 3 {
				t.Errorf("scores %s, want each of the added partition once", got)
			}
			if delivery != exactlyOnce {
				return
			}
			seen := map[string]int{}
			for _, record := range records(t, c.ReadAll("scoreBoard")) {
				seen[fmt.Sprint(record.Match, record.ID)]++
			}
			if fmt.Sprint(seen) != "map[m11:1 m21:1 m22:1 m23:1]" {
				t.Errorf("records on BOARD_TOPIC: %v", seen)
			}
		})
	}
}
