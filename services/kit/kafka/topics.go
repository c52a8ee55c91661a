package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
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

// Applied is the outcome for one topic.
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
//
// A topic that is being deleted is waited for and then created. waiting, which may be nil, is told so with a
// DeletingError, which is also the error after a minute.
func ApplyTopics(ctx context.Context, admin sarama.ClusterAdmin, topics []Topic, waiting Waiting) ([]Applied, error) {
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
		created, err := CreateTopic(ctx, admin, t.Name, t.detail(replicas), waiting)
		if err != nil {
			return applied, fmt.Errorf("create topic %s: %w", t.Name, Denied(err, Right{"Create", "topic", t.Name}))
		}
		applied = append(applied, Applied{Topic: t, Created: created, Replicas: replicas})
	}
	return applied, awaitLeaders(ctx, admin, applied, int16(len(brokers)), waiting)
}

// DeletingError is a topic that cannot be created yet, because its deletion has not ended.
type DeletingError struct{ Topic string }

func (e *DeletingError) Error() string {
	return fmt.Sprintf("topic %s is being deleted, and can be created when that has ended; "+
		"a broker that is down and has a copy of it holds it up", e.Topic)
}

const (
	// outlasting is how long a topic may take to appear whose creation has outlasted its request.
	outlasting = 3 * time.Second
	// deletionLimit is how long the deletion of a topic is waited for. It takes a second or two while every
	// broker that has a copy is up.
	deletionLimit = time.Minute
	// deletionPatience is how long a wait for it is not told.
	deletionPatience = time.Second
)

// CreateTopic creates a topic, and reports whether it was this call that did. A busy controller gives up the wait for
// what it has begun; one that was just replaced has begun nothing, and then it is asked again.
//
// A topic that exists, and that no broker knows, is being deleted, and waited for as in ApplyTopics: brokers forget a topic at
// the beginning of its deletion, and its name is free at the end. But once a request of this call has timed out it is taken for
// the topic that the request has begun.
func CreateTopic(ctx context.Context, admin sarama.ClusterAdmin, name string, detail *sarama.TopicDetail, waiting Waiting) (bool, error) {
	began, said := time.Now(), time.Time{}
	timedOut := false
	for {
		err := admin.CreateTopic(name, detail, false)
		switch {
		case errors.Is(err, sarama.ErrTopicAlreadyExists):
			if isKnown(admin, name) {
				return timedOut, nil
			}
			var cause error = &DeletingError{name}
			if timedOut {
				cause = sarama.ErrRequestTimedOut
			}
			if time.Since(began) > deletionLimit {
				return false, cause
			}
			if !timedOut && waiting != nil && time.Since(began) > deletionPatience && time.Since(said) >= WaitingRepeat {
				said = time.Now()
				waiting(cause)
			}
			if serr := wait.Sleep(ctx, 100*time.Millisecond); serr != nil {
				return false, errors.Join(serr, cause)
			}
			continue
		case !errors.Is(err, sarama.ErrRequestTimedOut):
			return err == nil, err
		}
		timedOut = true
		for end := time.Now().Add(outlasting); time.Now().Before(end); {
			if isKnown(admin, name) {
				return true, nil
			}
			if serr := wait.Sleep(ctx, 100*time.Millisecond); serr != nil {
				return false, errors.Join(serr, err)
			}
		}
	}
}

// isKnown reports whether the brokers say that they have the topic. That they could not be asked is no: the
// caller asks again.
func isKnown(admin sarama.ClusterAdmin, name string) bool {
	found, err := admin.DescribeTopics([]string{name})
	return err == nil && len(found) == 1 && found[0].Err == sarama.ErrNoError
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
// every leader is in place. It creates what has gone since ListTopics, which also lists a topic whose
// deletion has just begun.
func awaitLeaders(ctx context.Context, admin sarama.ClusterAdmin, applied []Applied, brokers int16, waiting Waiting) error {
	names := make([]string, len(applied))
	for i, a := range applied {
		names[i] = a.Topic.Name
	}
	for {
		missing, cause, err := leaderless(admin, names)
		if err == nil && missing == "" {
			return nil
		}
		if i := slices.Index(names, missing); i >= 0 && errors.Is(cause, sarama.ErrUnknownTopicOrPartition) {
			a := &applied[i]
			replicas := min(a.Topic.Replicas, brokers)
			created, err := CreateTopic(ctx, admin, missing, a.Topic.detail(replicas), waiting)
			if err != nil {
				return fmt.Errorf("create topic %s: %w", missing, err)
			}
			if created {
				*a = Applied{Topic: a.Topic, Created: true, Replicas: replicas}
			}
		}
		if serr := wait.Sleep(ctx, 50*time.Millisecond); serr != nil {
			return errors.Join(fmt.Errorf("waiting for a leader of %s: %w", missing, serr), err)
		}
	}
}

// leaderless returns the first topic that lacks a leader, and what the brokers say about it.
func leaderless(admin sarama.ClusterAdmin, names []string) (name string, cause, err error) {
	described, err := admin.DescribeTopics(names)
	if err != nil {
		return "", nil, err
	}
	for _, t := range described {
		if t.Err != sarama.ErrNoError || len(t.Partitions) == 0 {
			return t.Name, t.Err, nil
		}
		for _, p := range t.Partitions {
			if p.Leader < 0 {
				return t.Name, sarama.ErrLeaderNotAvailable, nil
			}
		}
	}
	return "", nil, nil
}
