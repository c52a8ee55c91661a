package group_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkatest"
)

const briefSession = 2 * time.Second

// joinStatic starts the static member "one", with sessions of briefSession. One that has started is fenced as it
// would be after its first moments.
func joinStatic(t *testing.T, c *kafkatest.Cluster, started bool) *member {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	shortest := "500"
	if err := admin.IncrementalAlterConfig(sarama.BrokerResource, "", map[string]sarama.IncrementalAlterConfigsEntry{
		"group.min.session.timeout.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &shortest},
	}, false); err != nil {
		t.Fatal(err)
	}
	return joinWith(t, c, committing, func(g *group.Consumer) {
		g.Member.InstanceID = "one"
		conf := &g.Client.Config().Consumer.Group
		conf.InstanceId = "one" // what Membership.Apply does before a dial
		conf.Session.Timeout, conf.Heartbeat.Interval = briefSession, briefSession/5
		if started {
			g.HasStarted()
		}
	})
}

// loseJoin joins the group in the name of the static member "one", as a request does whose answer is lost: the
// member id that it is given sends no heartbeats.
func loseJoin(t *testing.T, c *kafkatest.Cluster) {
	t.Helper()
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
	ghost := &sarama.JoinGroupRequest{
		Version:          5,
		GroupId:          "g",
		GroupInstanceId:  &instance,
		SessionTimeout:   int32(briefSession.Milliseconds()),
		RebalanceTimeout: 10000,
		ProtocolType:     "consumer",
	}
	if err := ghost.AddGroupProtocolMetadata("range",
		&sarama.ConsumerGroupMemberMetadata{Version: 2, Topics: []string{"t"}, GenerationID: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := coordinator.JoinGroup(ghost); err != nil {
		t.Fatal(err)
	}
}

// A coordinator does late what a dead life of a static member has asked for, and fences the new life.
// It joins anew. Later in its life it does so too, when the name has become free.
func TestStaticMemberIsFencedByItsGhost(t *testing.T) {
	t.Parallel()
	for _, started := range []bool{false, true} {
		t.Run(fmt.Sprintf("started %t", started), func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			c.ProduceValues("t", "1")
			m := joinStatic(t, c, started)
			wantHandled(t, m, numbers(1, 1))
			// Fenced before its commit, it would rightly handle the message again.
			kafkatest.Eventually(t, "the message is committed", func() bool { return c.Committed("g", "t", 0) == 1 })
			loseJoin(t, c)
			kafkatest.Eventually(t, "it says that it joins anew", func() bool { return strings.Contains(m.Logs.String(), "joining anew") })
			if got := strings.Contains(m.Logs.String(), "nobody used the name"); got != started {
				t.Errorf("waited for the name: %t, want %t", got, started)
			}
			c.ProduceValues("t", "2")
			wantHandled(t, m, numbers(1, 2))
		})
	}
}

// Two live members with one name do not fence each other for ever: one of them ends, and says why.
func TestTwoStaticMembersWithOneName(t *testing.T) {
	t.Parallel()
	for _, started := range []bool{false, true} {
		t.Run(fmt.Sprintf("started %t", started), func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			c.ProduceValues("t", "1")
			older := joinStatic(t, c, started)
			wantHandled(t, older, numbers(1, 1))
			newer := joinStatic(t, c, false)
			err := older.Wait()
			if err == nil || !strings.Contains(err.Error(),
				`runs with the same GROUP_INSTANCE_ID "one"`) || !errors.Is(err, sarama.ErrFencedInstancedId) {
				t.Errorf("the older ended with %v", err)
			}
			if strings.Contains(err.Error(), "kafka server:") {
				t.Errorf("the error holds the library's own text: %v", err)
			}
			older.WaitFor(`mesmo GROUP_INSTANCE_ID "one", e o Kafka só aceita o mais novo`)
			c.ProduceValues("t", "2")
			kafkatest.Eventually(t, "the newer reads on", func() bool { return slices.Contains(newer.values(), "2") })
		})
	}
}
