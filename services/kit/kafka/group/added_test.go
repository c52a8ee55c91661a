package group_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// joinAged is join for a member whose metadata gets no older than age.
func joinAged(t *testing.T, c *kafkatest.Cluster, age time.Duration, reset int64) *member {
	t.Helper()
	m := &member{}
	m.Run = kafkatest.StartRun(t, map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()},
		func(env *service.Env) kafka.Cluster {
			cluster := kafkaenv.Cluster(env)
			cluster.MetadataAge = age
			return cluster
		},
		func(ctx context.Context, cluster kafka.Cluster, p *service.Process) error {
			client, err := cluster.Dial(ctx, cluster.Config("test"), []string{"t"}, func(error) {})
			if err != nil {
				return err
			}
			defer wait.CloseWithin(wait.CloseTimeout, client)
			g := &group.Consumer{
				Client: client, Member: kafka.Membership{Group: "g", Reset: reset}, Topic: "t", Hooks: lines.Hooks(p),
				Handle: func(_ context.Context, claim *group.Claim) error {
					for msg := range claim.Messages() {
						m.add(fmt.Sprintf("%d:%s", msg.Partition, msg.Value))
						claim.Mark(msg)
						if err := claim.Commit(); err != nil {
							return err
						}
					}
					return nil
				},
				Assigned: func(_, _, held []int32) { p.Out.Print(fmt.Sprint("held ", held)) },
			}
			return g.Run(ctx)
		})
	return m
}

// A member notices partitions that are added, and reads them from their beginning, also with
// AUTO_OFFSET_RESET=latest: every message once, in the order of its partition.
func TestAddedPartitionsAreRead(t *testing.T) {
	t.Parallel()
	for name, reset := range map[string]int64{"earliest": sarama.OffsetOldest, "latest": sarama.OffsetNewest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1")
			m := joinAged(t, c, 300*time.Millisecond, reset)
			m.WaitFor("held [0]")
			c.SendTo("t", 0, "1")
			wantHandled(t, m, []string{"0:1"}) // with latest: the member has begun
			c.AddPartitions("t", 3)
			c.SendTo("t", 2, "2", "3") // before the member holds it
			c.SendTo("t", 0, "4", "5")
			m.WaitFor("held [0 1 2]")
			c.SendTo("t", 1, "6")
			c.SendTo("t", 2, "7")
			kafkatest.Eventually(t, "7 messages handled", func() bool { return len(m.values()) >= 7 })
			got := m.values()
			slices.SortStableFunc(got, func(a, b string) int { return int(a[0]) - int(b[0]) })
			if want := "[0:1 0:4 0:5 1:6 2:2 2:3 2:7]"; fmt.Sprint(got) != want {
				t.Errorf("handled %v, want %s", got, want)
			}
		})
	}
}

// The control: with metadata that may get old nobody looks, and the new partition is not read.
func TestAddedPartitionsAreUnseenInOldMetadata(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	m := joinAged(t, c, time.Hour, sarama.OffsetOldest)
	m.WaitFor("held [0]")
	c.AddPartitions("t", 2)
	c.SendTo("t", 1, "unseen")
	for n := range 50 { // each a commit and a fetch: time enough for one that looks
		c.SendTo("t", 0, fmt.Sprint(n))
	}
	kafkatest.Eventually(t, "50 messages handled", func() bool { return len(m.values()) >= 50 })
	if slices.Contains(m.values(), "1:unseen") {
		t.Error("the new partition was read: the age of the metadata makes no difference any more")
	}
}

// The settings of every client, in figures: noticed within twice the age, and a rebalance.
func TestMetadataAge(t *testing.T) {
	t.Parallel()
	conf := kafka.Cluster{}.Config("test")
	if worst := 2*conf.Metadata.RefreshFrequency + conf.Consumer.Group.Rebalance.Timeout; worst > 30*time.Second {
		t.Errorf("a new partition may be unread for %s, want at most 30s", worst)
	}
	if got := (kafka.Cluster{MetadataAge: time.Second}).Config("test").Metadata.RefreshFrequency; got != time.Second {
		t.Errorf("refresh every %s, want 1s", got)
	}
}
