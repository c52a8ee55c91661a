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
	err = await(ctx, service.Grace, func() error {
		_, _, err := producer.SendMessage(msg)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	return msg.Partition, msg.Offset, nil
}

// await waits for the outcome of call, something of sarama's, and once ctx has ended for no longer
// than grace; then it returns ErrUnknown, and call goes on in the background.
func await(ctx context.Context, grace time.Duration, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		return ErrUnknown
	}
}
