package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/service"
)

// Topic is a topic as it should be.
type Topic struct {
	Name       string
	Partitions int32
	Replicas   int16             // falls to the number of brokers where there are fewer
	Config     map[string]string // beside what ApplyTopics sets
}

// WithDeadLetters returns the topic and its dead-letter topic, which has one partition and accepts
// DeadLetterRoom more than its source.
func (t Topic) WithDeadLetters() []Topic {
	room := strconv.Itoa(DefaultMaxMessageBytes + DeadLetterRoom)
	letters := Topic{Name: t.Name + ".dlq", Partitions: 1, Replicas: t.Replicas, Config: map[string]string{"max.message.bytes": room}}
	return []Topic{t, letters}
}

// Applied is what became of one topic.
type Applied struct {
	Topic    Topic
	Created  bool
	Replicas int16
	// Mismatch says how an existing topic differs from the wanted one; it was not changed, because
	// more partitions would send keys elsewhere than before.
	Mismatch string
}

// ApplyTopics creates the topics that are missing. Applying twice changes nothing the second time;
// two that run at once do not disturb each other.
func ApplyTopics(ctx context.Context, admin sarama.ClusterAdmin, topics []Topic) ([]Applied, error) {
	brokers, _, err := admin.DescribeCluster()
	if err != nil {
		return nil, fmt.Errorf("describe cluster: %w", err)
	}
	existing, err := admin.ListTopics()
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	var applied []Applied
	for _, t := range topics {
		replicas := min(t.Replicas, int16(len(brokers)))
		if have, ok := existing[t.Name]; ok {
			applied = append(applied, Applied{Topic: t, Replicas: have.ReplicationFactor, Mismatch: mismatch(t, have)})
			continue
		}
		created, err := create(ctx, admin, t.Name, t.detail(replicas))
		if err != nil {
			return applied, fmt.Errorf("create topic %s: %w", t.Name, err)
		}
		applied = append(applied, Applied{Topic: t, Created: created, Replicas: replicas})
	}
	return applied, awaitLeaders(ctx, admin, topics)
}

// outlasting is how long a topic may take to appear whose creation has outlasted its request.
const outlasting = 3 * time.Second

// create reports whether it was this call that created the topic. A busy controller gives up the wait for
// what it has begun; one that was just replaced has begun nothing, and then it is asked again.
func create(ctx context.Context, admin sarama.ClusterAdmin, name string, detail *sarama.TopicDetail) (bool, error) {
	for {
		err := admin.CreateTopic(name, detail, false)
		switch {
		case errors.Is(err, sarama.ErrTopicAlreadyExists):
			return false, nil
		case !errors.Is(err, sarama.ErrRequestTimedOut):
			return err == nil, err
		}
		for end := time.Now().Add(outlasting); time.Now().Before(end); {
			if found, derr := admin.DescribeTopics([]string{name}); derr == nil && len(found) == 1 && found[0].Err == sarama.ErrNoError {
				return true, nil
			}
			if serr := service.Sleep(ctx, 100*time.Millisecond); serr != nil {
				return false, errors.Join(serr, err)
			}
		}
	}
}

func (t Topic) detail(replicas int16) *sarama.TopicDetail {
	config := map[string]*string{}
	// With three replicas, two must have a message before acks=all acknowledges it: one broker may
	// die without a loss, and without a pause.
	minISR := strconv.Itoa(int(max(1, replicas-1)))
	config["min.insync.replicas"] = &minISR
	for k, v := range t.Config {
		config[k] = &v
	}
	return &sarama.TopicDetail{NumPartitions: t.Partitions, ReplicationFactor: replicas, ConfigEntries: config}
}

func mismatch(want Topic, have sarama.TopicDetail) string {
	if have.NumPartitions != want.Partitions {
		noun := "partitions"
		if have.NumPartitions == 1 {
			noun = "partition"
		}
		return fmt.Sprintf("has %d %s instead of %d", have.NumPartitions, noun, want.Partitions)
	}
	return ""
}

// awaitLeaders waits until the topics can be written to: a broker acknowledges the creation before
// every leader is in place.
func awaitLeaders(ctx context.Context, admin sarama.ClusterAdmin, topics []Topic) error {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	for {
		missing, err := leaderless(admin, names)
		if err == nil && missing == "" {
			return nil
		}
		if serr := service.Sleep(ctx, 50*time.Millisecond); serr != nil {
			return errors.Join(fmt.Errorf("waiting for a leader of %s: %w", missing, serr), err)
		}
	}
}

func leaderless(admin sarama.ClusterAdmin, names []string) (string, error) {
	described, err := admin.DescribeTopics(names)
	if err != nil {
		return "", err
	}
	for _, t := range described {
		if t.Err != sarama.ErrNoError || len(t.Partitions) == 0 {
			return t.Name, nil
		}
		for _, p := range t.Partitions {
			if p.Leader < 0 {
				return t.Name, nil
			}
		}
	}
	return "", nil
}
