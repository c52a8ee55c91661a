//go:build labs

package acceptance

import (
	"fmt"
	"testing"

	"workshop.example/kit/kafkatest"
)

// kafka-python's keys land where ours do: what the lab partitions says of them, seen.
func TestPythonKeys(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t)
	made := 0
	newTopic := func() string {
		made++
		c.CreateTopic(fmt.Sprintf("keys-%d:3", made))
		return fmt.Sprintf("keys-%d", made)
	}
	wantSamePlaces(t, c.Kafka(), newTopic, bySarama(c.Kafka()), byPython(c.Kafka()))
}
