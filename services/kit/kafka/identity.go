package kafka

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// identityTimeout bounds the questions for an identity. It is longer than a ZooKeeper session of 6 s and the
// election after it, so that a broker that dies at that moment costs time and not the program.
const identityTimeout = 30 * time.Second

// ClusterID returns the id of the cluster. A recreated cluster has another one.
//
// It asks one broker after the other until one answers, for at most 30 s, and returns ctx's error when that
// ends first.
func ClusterID(ctx context.Context, client sarama.Client) (string, error) {
	var id string
	err := askAny(ctx, client, func(broker *sarama.Broker) error {
		// A topic that cannot exist: without any name the answer would hold every topic of the cluster.
		resp, err := broker.GetMetadata(sarama.NewMetadataRequest(client.Config().Version, []string{"."}))
		if err != nil {
			return err
		}
		if resp.ClusterID == nil || *resp.ClusterID == "" {
			return errors.New("the broker names none")
		}
		id = *resp.ClusterID
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("cluster id: %w", err)
	}
	return id, nil
}

// TopicID returns the id that the cluster gave topic when it was created (KIP-516). A topic that was deleted
// and created again has another id, and its offsets start from 0: topic, partition and offset identify a
// record only together with it. It returns "" where the brokers have no topic ids (before Kafka 2.8).
//
// It asks as [ClusterID] does. A topic that does not exist is a [MissingTopicError], at once.
func TopicID(ctx context.Context, client sarama.Client, topic string) (string, error) {
	var id string
	var missing error
	err := askAny(ctx, client, func(broker *sarama.Broker) error {
		resp, err := broker.GetMetadata(sarama.NewMetadataRequest(client.Config().Version, []string{topic}))
		if err != nil {
			return err
		}
		for _, t := range resp.Topics {
			switch {
			case t.Name != topic:
			case errors.Is(t.Err, sarama.ErrUnknownTopicOrPartition):
				missing = &MissingTopicError{Topic: topic}
				return nil
			case t.Uuid != sarama.Uuid{}:
				id = t.Uuid.String()
				return nil
			default:
				return nil
			}
		}
		return errors.New("the broker's answer lacks the topic")
	})
	if err == nil { // else a question that was given up may still write missing
		err = missing
	}
	if err != nil {
		return "", fmt.Errorf("id of topic %s: %w", topic, err)
	}
	return id, nil
}

// RecordTopic tells the topic of msg from an earlier one of the same name: by the topic's id, or, where the
// brokers have none (id is ""), by what a record of another topic in the same place would not share with msg:
// its timestamp, key and value.
func RecordTopic(id string, msg *sarama.ConsumerMessage) string {
	if id != "" {
		return id
	}
	digest := sha256.New()
	for _, part := range [][]byte{msg.Key, msg.Value} {
		fmt.Fprintf(digest, "%d:%t:%s", len(part), part == nil, part)
	}
	return fmt.Sprintf("%d-%.16x", msg.Timestamp.UnixMilli(), digest.Sum(nil))
}

// askAny puts a question to one broker after the other until one of them answers it.
func askAny(ctx context.Context, client sarama.Client, ask func(*sarama.Broker) error) error {
	limit, cancel := context.WithTimeout(ctx, identityTimeout)
	defer cancel()
	last := error(sarama.ErrOutOfBrokers)
	for {
		brokers := client.Brokers()
		if len(brokers) == 0 { // a client that has not asked for any topic yet knows only its bootstrap addresses
			if seed := client.LeastLoadedBroker(); seed != nil {
				brokers = append(brokers, seed)
			}
		}
		for _, broker := range brokers {
			_, err := Interruptible(limit, func() (struct{}, error) {
				// A broker that is connected already says so; its question will tell about any other trouble.
				_ = broker.Open(client.Config())
				return struct{}{}, ask(broker)
			})
			switch {
			case err == nil:
				return nil
			case ctx.Err() != nil:
				return ctx.Err()
			case limit.Err() == nil:
				last = err
			}
		}
		if wait.Sleep(limit, 250*time.Millisecond) != nil {
			return errors.Join(ctx.Err(), last)
		}
	}
}
