package kafka_test

import (
	"context"
	"errors"
	"testing"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

func TestTopicIDChangesWithTheTopic(t *testing.T) {
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
