package kafka_test

import (
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// A client may call any hook of a program that has set none.
func TestHooksMayBeLeftOut(t *testing.T) {
	t.Parallel()
	h := kafka.Hooks{}.Complete()
	h.Log.Info("nobody reads this")
	h.Waiting(nil)
	h.Removed(0, 0, 0)
	h.Skipped(&sarama.ConsumerMessage{}, "", "")
	h.Failed(nil)
	if err := h.BeforeCommit(); err != nil || h.Metrics == nil {
		t.Errorf("%v, metrics %v", err, h.Metrics)
	}
}
