package kafka_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

func TestTopicIDChangesWithTheTopic(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	client, err := c.Kafka().Dial(t.Context(), c.Kafka().Config("test"), []string{"t"}, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id := func() string {
		t.Helper()
		id, err := kafka.TopicID(t.Context(), client, "t")
		if err != nil || id == "" {
			t.Fatalf("TopicID: %q, %v", id, err)
		}
		return id
	}
	first := id()
	if again := id(); again != first {
		t.Errorf("asked again: %s, want %s", again, first)
	}
	c.DeleteTopic("t")
	if _, err := kafka.TopicID(t.Context(), client, "t"); !errors.As(err, new(*kafka.MissingTopicError)) {
		t.Errorf("after the deletion: %v, want a MissingTopicError", err)
	}
	c.CreateTopic("t:1")
	if second := id(); second == first {
		t.Errorf("the recreated topic has the id of the deleted one: %s", second)
	}
}

// A broker that has gone does not keep the others from answering.
func TestClusterIDOutlivesABroker(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	client, err := c.Kafka().Dial(t.Context(), c.Kafka().Config("test"), []string{"t"}, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	want, err := kafka.ClusterID(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for node := range int32(2) {
		if err := c.RemoveNode(node); err != nil {
			t.Fatal(err)
		}
		if got, err := kafka.ClusterID(t.Context(), client); err != nil || got != want {
			t.Errorf("without broker %d: %q, %v, want %q", node, got, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := kafka.ClusterID(ctx, client); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Without topic ids a record's own timestamp, key and value tell its topic from an earlier one.
func TestRecordTopicWithoutAnID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	first := &sarama.ConsumerMessage{Timestamp: at, Key: []byte("a"), Value: []byte("b")}
	for name, r := range map[string]struct {
		msg  sarama.ConsumerMessage
		same bool
	}{
		"the same record": {sarama.ConsumerMessage{Timestamp: at, Key: []byte("a"), Value: []byte("b"), Offset: 7}, true},
		"later":           {sarama.ConsumerMessage{Timestamp: at.Add(time.Millisecond), Key: []byte("a"), Value: []byte("b")}, false},
		"another value":   {sarama.ConsumerMessage{Timestamp: at, Key: []byte("a"), Value: []byte("c")}, false},
		"cut elsewhere":   {sarama.ConsumerMessage{Timestamp: at, Key: []byte("ab"), Value: []byte("")}, false},
		"a tombstone":     {sarama.ConsumerMessage{Timestamp: at, Key: []byte("a")}, false},
	} {
		if same := kafka.RecordTopic("", first) == kafka.RecordTopic("", &r.msg); same != r.same {
			t.Errorf("%s: same %t, want %t", name, same, r.same)
		}
	}
	if got := kafka.RecordTopic("id", first); got != "id" {
		t.Errorf("with an id: %s", got)
	}
}
