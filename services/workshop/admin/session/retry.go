package session

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// Retry calls question until it succeeds, fails with an error that is not [Retryable], or ctx ends. It returns the last error.
func (s *Session) Retry(ctx context.Context, question func() error) error {
	for {
		err := question()
		if err == nil || !Retryable(err) || service.Sleep(ctx, 100*time.Millisecond) != nil {
			return err
		}
		s.Client.RefreshMetadata() // an error shows in the next answer
	}
}

// Retryable reports whether an error may pass: a broker is gone and another takes over, or it has taken over and does not know
// everything yet.
func Retryable(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		io.EOF, io.ErrUnexpectedEOF, sarama.ErrNotConnected, sarama.ErrOutOfBrokers, sarama.ErrBrokerNotFound,
		sarama.ErrNotCoordinatorForConsumer, sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrOffsetsLoadInProgress,
		sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition, sarama.ErrOffsetNotAvailable, sarama.ErrReplicaNotAvailable,
		sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch, sarama.ErrNetworkException, sarama.ErrBrokerNotAvailable,
		sarama.ErrUnstableOffsetCommit,    // a transaction ends at this moment
		sarama.ErrUnknownTopicOrPartition, // the controller has just created it: we ask only for what it names
	}, func(passing error) bool { return errors.Is(err, passing) })
}

// Underway reports whether an error leaves a change in progress: the controller waits three seconds for its end, and a busy machine
// may take longer.
func Underway(err error) bool { return errors.Is(err, sarama.ErrRequestTimedOut) }

// Until waits until done returns true for the metadata. Brokers acknowledge a change before all of them know of it.
func (s *Session) Until(ctx context.Context, done func(*sarama.MetadataResponse) bool) error {
	for {
		meta, err := s.Metadata()
		if err != nil {
			return err
		}
		if done(meta) {
			return nil
		}
		if err := service.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
