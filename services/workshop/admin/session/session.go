// Package session is what the commands have in common: they connect to a cluster, ask it within a time limit, retry while brokers
// come and go, and print. It knows none of the commands.
package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// Session is a connection to a cluster for the time of one command.
type Session struct {
	Client sarama.Client
	Admin  sarama.ClusterAdmin
}

// Connect makes one attempt to connect to a cluster, of which some brokers may be down.
func Connect(ctx context.Context, cluster kafka.Cluster, conf *sarama.Config) (*Session, error) {
	// A broker that is paused would otherwise take all of a command's time for no answer.
	conf.Net.ReadTimeout = 5 * time.Second
	client, err := cluster.DialOnce(ctx, conf)
	if err != nil {
		return nil, err
	}
	admin, err := kafka.Interruptible(ctx, func() (sarama.ClusterAdmin, error) { return sarama.NewClusterAdminFromClient(client) })
	if err != nil {
		wait.CloseWithin(wait.CloseTimeout, client)
		return nil, fmt.Errorf("find the controller: %w", err)
	}
	return &Session{Client: client, Admin: admin}, nil
}

// Close closes the connections, without waiting for brokers that do not answer.
func (s *Session) Close() { wait.CloseWithin(wait.CloseTimeout, s.Admin) }

// Metadata returns all topics and the brokers that are up, sorted, as the controller knows them, or else another broker.
func (s *Session) Metadata() (*sarama.MetadataResponse, error) {
	brokers := s.Client.Brokers()
	if controller, err := s.Client.Controller(); err == nil {
		brokers = append([]*sarama.Broker{controller}, brokers...)
	}
	err := fmt.Errorf("describe cluster: %w", sarama.ErrOutOfBrokers)
	for _, b := range brokers {
		b.Open(s.Client.Config()) // an error means that it is open already, or shows in the next line
		resp, berr := b.GetMetadata(sarama.NewMetadataRequest(s.Client.Config().Version, nil))
		if berr != nil {
			err = fmt.Errorf("describe cluster: broker %d at %s: %w", b.ID(), b.Addr(), berr)
			continue
		}
		slices.SortFunc(resp.Brokers, func(a, b *sarama.Broker) int { return int(a.ID() - b.ID()) })
		slices.SortFunc(resp.Topics, func(a, b *sarama.TopicMetadata) int { return strings.Compare(a.Name, b.Name) })
		for _, t := range resp.Topics {
			slices.SortFunc(t.Partitions, func(a, b *sarama.PartitionMetadata) int { return int(a.ID - b.ID) })
		}
		return resp, nil
	}
	return nil, err
}

// Retry calls question until it succeeds, fails with an error that is not [Retryable], or ctx ends. It returns the last error.
func (s *Session) Retry(ctx context.Context, question func() error) error {
	for {
		err := question()
		if err == nil || !Retryable(err) || wait.Sleep(ctx, 100*time.Millisecond) != nil {
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
		if err := wait.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}
