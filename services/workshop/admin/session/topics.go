package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// Find returns the named topics, in that order. It fails if one does not exist, and suggests similar names.
func Find(meta *sarama.MetadataResponse, names ...string) ([]*sarama.TopicMetadata, error) {
	var found []*sarama.TopicMetadata
	for _, name := range names {
		if !service.LegalTopic(name) {
			return nil, IllegalTopic(name)
		}
		i := slices.IndexFunc(meta.Topics, func(t *sarama.TopicMetadata) bool { return t.Name == name })
		if i < 0 {
			return nil, Missing("topic", name, TopicNames(meta), "«workshop topics list» names all")
		}
		found = append(found, meta.Topics[i])
	}
	return found, nil
}

// TopicNames returns the names of all topics, Kafka's own included.
func TopicNames(meta *sarama.MetadataResponse) []string {
	var names []string
	for _, t := range meta.Topics {
		names = append(names, t.Name)
	}
	return names
}

// Topic asks the cluster for one topic. It fails if the topic does not exist.
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

// hidden returns why a topic is not among those that the cluster names: missing, or that this user may not see it. Brokers say that
// only to who asks for it by name.
func (s *Session) hidden(name string, missing error) error {
	if err := s.Client.RefreshMetadata(name); errors.Is(err, sarama.ErrTopicAuthorizationFailed) {
		return kafka.Denied(err, kafka.Right{Operation: "Describe", Resource: "topic", Name: name})
	}
	return missing
}

// IllegalTopic returns the error for a name that no topic can have.
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

// IsInternal reports whether a topic is one of Kafka's own.
func IsInternal(t *sarama.TopicMetadata) bool { return t.IsInternal || strings.HasPrefix(t.Name, "__") }

// ReplicationFactor returns the number of replicas of each partition, the largest while partitions move.
func ReplicationFactor(t *sarama.TopicMetadata) int {
	most := 0
	for _, p := range t.Partitions {
		most = max(most, len(p.Replicas))
	}
	return most
}

// IsEmbedded reports whether the metadata is of an embedded cluster, such as that of «workshop up».
func IsEmbedded(meta *sarama.MetadataResponse) bool {
	return meta.ClusterID != nil && embedded.IsEmbedded(*meta.ClusterID)
}

// DeleteTopics deletes topics with their messages, and waits until they are gone. It deletes nothing if one of them does not exist
// or is Kafka's own.
func (s *Session) DeleteTopics(ctx context.Context, names []string) error {
	meta, err := s.Metadata()
	if err != nil {
		return err
	}
	topics, err := Find(meta, names...)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if IsInternal(t) {
			return service.UsageError(fmt.Sprintf("%s is Kafka's own: without it groups lose their offsets, "+
				"and transactions their state. Nothing was deleted", t.Name))
		}
	}
	for i, name := range names {
		if err := s.Admin.DeleteTopic(name); err != nil && !Underway(err) {
			before := ""
			if i > 0 {
				before = "; deleted before: " + strings.Join(names[:i], ", ")
			}
			err = kafka.Denied(err, kafka.Right{Operation: "Delete", Resource: "topic", Name: name})
			return fmt.Errorf("%s: %w%s", name, err, before)
		}
	}
	return s.Until(ctx, func(meta *sarama.MetadataResponse) bool {
		return !slices.ContainsFunc(meta.Topics, func(t *sarama.TopicMetadata) bool { return slices.Contains(names, t.Name) })
	})
}
