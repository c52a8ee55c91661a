package group_test

import (
	"fmt"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// A leader moves: what follows is read soon. With sarama's default each of these moves would take 2 s.
// It is not parallel, as it measures time.
func TestReadingGoesOnSoonAfterALeaderMoved(t *testing.T) {
	const moves = 5
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "0")
	m := join(t, c, nil)
	wantHandled(t, m, numbers(0, 0))
	began := time.Now()
	for n := 1; n <= moves; n++ {
		if err := c.MoveTopicPartition("t", 0, (c.LeaderFor("t", 0)+1)%3); err != nil {
			t.Fatal(err)
		}
		c.ProduceValues("t", fmt.Sprint(n))
		wantHandled(t, m, numbers(0, n))
	}
	if took := time.Since(began); took > moves*1500*time.Millisecond {
		t.Errorf("%d moves took %s", moves, took)
	}
}
