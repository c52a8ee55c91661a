package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// ErrUnknown is the third outcome of a write, besides acknowledged and refused: no answer came in
// the time that a stopping process has, so the message may or may not be in the log.
var ErrUnknown = errors.New("outcome unknown: no answer from the broker before the process had to stop")

// Send publishes msg and waits for its outcome. When ctx ends it waits service.Grace longer and
// then returns ErrUnknown; sarama's own retries end sooner or later (see Cluster.Config), but they
// cannot be interrupted.
func Send(ctx context.Context, producer sarama.SyncProducer, msg *sarama.ProducerMessage) (partition int32, offset int64, err error) {
	type outcome struct {
		partition int32
		offset    int64
		err       error
	}
	done := make(chan outcome, 1)
	go func() {
		partition, offset, err := producer.SendMessage(msg)
		done <- outcome{partition, offset, err}
	}()
	select {
	case o := <-done:
		return o.partition, o.offset, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done:
		return o.partition, o.offset, o.err
	case <-time.After(service.Grace):
		return 0, 0, ErrUnknown
	}
}
