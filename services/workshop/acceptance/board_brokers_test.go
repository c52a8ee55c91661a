//go:build brokers

package acceptance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// A broker that is stopped, or killed, is down on the board at once; its partitions lose a replica, and get it back.
func TestBoardShowsADeadBroker(t *testing.T) {
	name, alerts, score := topic(t, "transactions", 3), topic(t, "alerts", 3), topic(t, "scoreGame", 1)
	_, page := startBoard(t, "TOPIC="+name, "ALERTS_TOPIC="+alerts, "SCORE_TOPIC="+score, "CONSUMER_GROUP="+name, "GROUP_INSTANCE_ID=one")
	service(t, "producer", "TOPIC="+name, "PACE=100ms")
	simulator := service(t, "score-simulator", "TOPIC="+score, "PACE=250ms")
	whole := func(b drawnBoard) bool {
		for number := range 3 {
			row := b.Partitions[fmt.Sprintf("%s/%d", name, number)]
			if len(row) != 3 || count(row, "insync") != 2 || count(row, "leader") != 1 {
				return false
			}
		}
		return strings.HasPrefix(b.Status, "Kafka: 3/3") && b.Brokers["2"] == "up"
	}
	seeOnBoard(t, page, "three brokers, with all replicas in sync", whole)
	for _, strike := range []string{"stop", "kill"} {
		native(t, strike, "2")
		began := time.Now()
		seeOnBoard(t, page, "that broker 2 is down", func(b drawnBoard) bool { return b.Brokers["2"] == "down" })
		t.Logf("%s: down on the board after %s", strike, time.Since(began).Round(time.Millisecond))
		b := seeOnBoard(t, page, "that its replicas are out of sync", func(b drawnBoard) bool {
			behind := 0
			for number := range 3 {
				if row := b.Partitions[fmt.Sprintf("%s/%d", name, number)]; row["2"] == "behind" && count(row, "leader") == 1 {
					behind++
				}
			}
			return behind == 3
		})
		t.Logf("%s: its replicas are out of sync after %s", strike, time.Since(began).Round(time.Millisecond))
		if b.Brokers["1"] != "up" || b.Brokers["3"] != "up" {
			t.Errorf("brokers: %v", b.Brokers)
		}
		photographBoard(t, page, strike, nil)
		native(t, "start", "2")
		began = time.Now()
		seeOnBoard(t, page, "that all is well again", whole)
		t.Logf("%s: all in sync again %s after its start", strike, time.Since(began).Round(time.Millisecond))
	}
	if code := simulator.exit(kafkatest.Deadline); code != 0 {
		t.Errorf("score-simulator: exit code %d", code)
	}
	seeOnBoard(t, page, "the end of the match, of which nothing was lost or repeated", func(b drawnBoard) bool {
		return strings.Contains(b.Accounts, "igual ao placar") && len(b.Lost) == 0 && len(b.Repeated) == 0 && max(b.Score[0], b.Score[1]) >= 25
	})
}

func count(row map[string]string, state string) (n int) {
	for _, s := range row {
		if s == state {
			n++
		}
	}
	return n
}
