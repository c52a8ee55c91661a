package kafka_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// joinStatic starts the static member "one".
func joinStatic(t *testing.T, c *kafkatest.Cluster) *member {
	t.Helper()
	return joinWith(t, c, func(m *member) func(context.Context, *kafka.Claim) error {
		return func(_ context.Context, claim *kafka.Claim) error {
			for msg := range claim.Messages() {
				m.add(string(msg.Value))
				claim.Mark(msg)
				if err := claim.Commit(); err != nil {
					return err
				}
			}
			return nil
		}
	}, func(g *kafka.Group) {
		g.Member.InstanceID = "one"
		g.Client.Config().Consumer.Group.InstanceId = "one" // what Membership.Apply does before a dial
	})
}

// A coordinator does late what a dead life of a static member has asked for, and fences the new life.
// It joins anew.
func TestStaticMemberIsFencedByItsGhost(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	m := joinStatic(t, c)
	wantHandled(t, m, numbers(1, 1))
	// Fenced before its commit, it would rightly handle the message again.
	kafkatest.Eventually(t, "the message is committed", func() bool { return c.Committed("g", "t", 0) == 1 })
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().Config("ghost"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	coordinator, err := client.Coordinator("g")
	if err != nil {
		t.Fatal(err)
	}
	instance := "one"
	ghost := &sarama.JoinGroupRequest{Version: 5, GroupId: "g", GroupInstanceId: &instance, SessionTimeout: 6000, RebalanceTimeout: 10000, ProtocolType: "consumer"}
	if err := ghost.AddGroupProtocolMetadata("range", &sarama.ConsumerGroupMemberMetadata{Version: 2, Topics: []string{"t"}, GenerationID: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := coordinator.JoinGroup(ghost); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, "it says that it joins anew", func() bool { return strings.Contains(m.Logs.String(), "joining anew") })
	c.ProduceValues("t", "2")
	wantHandled(t, m, numbers(1, 2))
}

// Two live members with one name do not fence each other for ever: one of them ends, and says why.
func TestTwoStaticMembersWithOneName(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1")
	older := joinStatic(t, c)
	wantHandled(t, older, numbers(1, 1))
	newer := joinStatic(t, c)
	if err := older.Wait(); err == nil || !strings.Contains(err.Error(), `runs with the same GROUP_INSTANCE_ID "one"`) {
		t.Errorf("the older ended with %v", err)
	}
	c.ProduceValues("t", "2")
	kafkatest.Eventually(t, "the newer reads on", func() bool { return slices.Contains(newer.values(), "2") })
}
