package admin

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
	"workshop.example/kit/service"
)

// Session is a connection to a cluster for the time of one command.
type Session struct {
	cluster kafka.Cluster
	Client  sarama.Client
	Admin   sarama.ClusterAdmin
}

// Connect connects to what there is of the cluster: the commands are for broken ones, too.
func Connect(ctx context.Context, cluster kafka.Cluster, conf *sarama.Config) (*Session, error) {
	// A broker that is paused would otherwise take all of a command's time for no answer.
	conf.Net.ReadTimeout = 5 * time.Second
	client, err := cluster.DialOnce(ctx, conf)
	if err != nil {
		return nil, err
	}
	admin, err := kafka.Interruptible(ctx, func() (sarama.ClusterAdmin, error) { return sarama.NewClusterAdminFromClient(client) })
	if err != nil {
		service.CloseWithin(service.CloseTimeout, client)
		return nil, fmt.Errorf("find the controller: %w", err)
	}
	return &Session{cluster: cluster, Client: client, Admin: admin}, nil
}

// Close does not wait for brokers that are silent.
func (s *Session) Close() { service.CloseWithin(service.CloseTimeout, s.Admin) }

// Metadata is the cluster as its controller knows it, or else another broker: every topic, and every
// broker that is up.
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

// Retry repeats a question while brokers come and go, until ctx ends.
func (s *Session) Retry(ctx context.Context, question func() error) error {
	for {
		err := question()
		if err == nil || !Retryable(err) || service.Sleep(ctx, 100*time.Millisecond) != nil {
			return err
		}
		s.Client.RefreshMetadata() // an error shows in the next answer
	}
}

// Retryable reports whether the answer may be another one a moment later: a broker is gone and another
// takes over, or it has taken over and does not know all yet.
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

// Find returns the topics of these names, in that order, or an error that names one that is missing.
func Find(meta *sarama.MetadataResponse, names ...string) ([]*sarama.TopicMetadata, error) {
	var found []*sarama.TopicMetadata
	for _, name := range names {
		if !service.LegalTopic(name) {
			return nil, IllegalTopic(name)
		}
		i := slices.IndexFunc(meta.Topics, func(t *sarama.TopicMetadata) bool { return t.Name == name })
		if i < 0 {
			var all []string
			for _, t := range meta.Topics {
				all = append(all, t.Name)
			}
			return nil, Missing("topic", name, all, "«workshop topics list» names all")
		}
		found = append(found, meta.Topics[i])
	}
	return found, nil
}

// Topic finds one topic of the cluster.
func (s *Session) Topic(name string) (*sarama.TopicMetadata, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	found, err := Find(meta, name)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// IllegalTopic says why a name cannot be a topic's.
func IllegalTopic(name string) error {
	const longest = 249
	why := "accepted: 1 to 249 of a-z A-Z 0-9 . _ -"
	switch {
	case name == "":
		why = "it is empty: is a variable not set?"
	case len(name) > longest:
		why = fmt.Sprintf("it has %d characters, and %d are the most", len(name), longest)
		name = name[:20] + "..."
	case name == "." || name == "..":
		why = "to the brokers it is a folder's"
	}
	return service.UsageError(fmt.Sprintf("%q is not a topic's name: %s", name, why))
}

// IsInternal reports whether a topic is Kafka's own.
func IsInternal(t *sarama.TopicMetadata) bool { return t.IsInternal || strings.HasPrefix(t.Name, "__") }

// ReplicationFactor is the number of replicas; while partitions move they differ, and it is the largest.
func ReplicationFactor(t *sarama.TopicMetadata) int {
	most := 0
	for _, p := range t.Partitions {
		most = max(most, len(p.Replicas))
	}
	return most
}

// PartitionsOf are the numbers of a topic's partitions.
func PartitionsOf(t *sarama.TopicMetadata) []int32 {
	var ids []int32
	for _, p := range t.Partitions {
		ids = append(ids, p.ID)
	}
	return ids
}
