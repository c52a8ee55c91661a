package kafka

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/history"
	"workshop.example/kit/wait"
)

// ErrUnknown is the third outcome of a write, besides acknowledged and refused: no answer came in
// the time that a stopping process has, so the message may or may not be in the log.
var ErrUnknown = errors.New("outcome unknown: no answer from the broker before the process had to stop")

// Send publishes msg and waits for its outcome. When ctx ends it waits wait.Grace longer and
// then returns ErrUnknown; sarama's own retries end sooner or later (see Cluster.Config), but they
// cannot be interrupted. The outcome becomes step's result in the history.
func Send(ctx context.Context, producer sarama.SyncProducer, msg *sarama.ProducerMessage, step history.Operation) error {
	err := await(ctx, wait.Grace, func() error {
		_, _, err := producer.SendMessage(msg)
		return err
	})
	Settle(step, msg, err)
	return err
}

// Settle makes the outcome of sending msg the result of step in the history.
func Settle(step history.Operation, msg *sarama.ProducerMessage, err error) {
	switch {
	case err == nil:
		step.Stored(msg.Partition, msg.Offset)
	case Refused(err):
		step.Failed(err)
	default:
		step.Unknown(err)
	}
}

// Refused reports whether a failed send certainly left nothing in the log. Most errors are no such
// proof: when sarama has used up its retries, an earlier try may have been written, and only its
// answer lost.
func Refused(err error) bool {
	var code sarama.KError
	var config sarama.ConfigurationError
	return errors.As(err, &config) || errors.As(err, &code) && slices.Contains(refusals, code)
}

// refusals are answers that are the same at every try, and are given before anything is written.
var refusals = []sarama.KError{
	sarama.ErrMessageSizeTooLarge, sarama.ErrInvalidMessageSize, sarama.ErrInvalidRecord,
	sarama.ErrInvalidTopic, sarama.ErrInvalidTimestamp, sarama.ErrUnsupportedVersion, sarama.ErrUnsupportedForMessageFormat,
	sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrInvalidRequiredAcks,
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

// Await runs call, something of sarama's that sends. When ctx ends it waits wait.Grace longer and
// then returns ErrUnknown, and leaves the call to itself.
func Await(ctx context.Context, call func() error) error { return await(ctx, wait.Grace, call) }
