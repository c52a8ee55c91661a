package group

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

// joinShareGroup makes a member of a share group (KIP-932).
func joinShareGroup(t *testing.T, c *kafkatest.Cluster, name, topic string) (member *kgo.Client, leave func()) {
	t.Helper()
	member, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ClientID("member"), kgo.ShareGroup(name), kgo.ConsumeTopics(topic))
	if err != nil {
		t.Fatal(err)
	}
	leave = sync.OnceFunc(member.Close)
	t.Cleanup(leave)
	return member, leave
}

func describeOne(t *testing.T, c *kafkatest.Cluster, name string) describedGroup {
	t.Helper()
	var d []describedGroup
	if err := json.Unmarshal([]byte(workshop(t, c.Kafka(), "groups", "describe", name, "-o", "json").OK(t).Stdout), &d); err != nil {
		t.Fatal(err)
	}
	return d[0]
}

// lagOf is the sum over a group's partitions, -1 where one of them is unknown.
func lagOf(d describedGroup) (sum int64) {
	for _, p := range d.Partitions {
		if p.Lag == nil {
			return -1
		}
		sum += *p.Lag
	}
	return sum
}

// Members may have the same partitions. What one of them has read and not acknowledged yet counts for LAG.
func TestShareGroups(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	first, leave := joinShareGroup(t, c, "shares", "t")
	ctx, cancel := context.WithTimeout(t.Context(), kafkatest.Deadline)
	defer cancel()
	polled := make(chan int)
	go func() {
		n := 0
		for n < 4 && ctx.Err() == nil {
			n += first.PollFetches(ctx).NumRecords()
		}
		polled <- n
	}()
	kafkatest.Eventually(t, "the group exists", func() bool {
		return strings.Contains(admintest.Columns(workshop(t, c.Kafka(), "groups", "list").OK(t).Stdout), "\nshares Stable share ")
	})
	kafkatest.Eventually(t, "the group has a position", func() bool {
		d := describeOne(t, c, "shares")
		return len(d.Partitions) == 1 && lagOf(d) == 0
	})
	c.ProduceValues("t", "0", "1", "2", "3")
	if n := <-polled; n != 4 {
		t.Fatalf("%d messages read, want 4", n)
	}
	d := describeOne(t, c, "shares")
	if d.Type != "share" || d.State != "Stable" || d.Members[0].ClientID != "member" || d.Members[0].Host != "127.0.0.1" ||
		len(d.Members[0].Partitions["t"]) != 1 || lagOf(d) == 0 {
		t.Errorf("described as %+v, want the messages that are not acknowledged as its lag", d)
	}
	_, leaveToo := joinShareGroup(t, c, "shares", "t")
	kafkatest.Eventually(t, "the partition has two lines", func() bool {
		table := admintest.Columns(workshop(t, c.Kafka(), "groups", "describe", "shares").OK(t).Stdout)
		return strings.Count(table, "\nshares t 0 ") == 2
	})
	workshop(t, c.Kafka(), "groups", "reset", "shares", "--topic", "t", "--to", "earliest", "--execute").
		Fails(t, "it has 2 active members (member@127.0.0.1, member@127.0.0.1)")
	workshop(t, c.Kafka(), "groups", "delete", "shares").Fails(t, "it has 2 active members")
	leave()
	leaveToo()

	before := lagOf(describeOne(t, c, "shares"))
	workshop(t, c.Kafka(), "groups", "reset", "shares", "--topic", "t:0", "--to", "earliest").OK(t)
	if lag := lagOf(describeOne(t, c, "shares")); lag != before || lag == 4 {
		t.Errorf("a lag of %d after a dry run, want %d, less than all", lag, before)
	}
	workshop(t, c.Kafka(), "groups", "reset", "shares", "--topic", "t", "--to", "earliest", "--execute").OK(t)
	all := workshop(t, c.Kafka(), "groups", "describe", "--all-groups").OK(t)
	admintest.Contains(t, admintest.Columns(all.Stdout), "\nshares t 0 0 ")
	if lag := lagOf(describeOne(t, c, "shares")); lag != 4 {
		t.Errorf("after the reset a lag of %d, want 4", lag)
	}
	workshop(t, c.Kafka(), "groups", "delete", "shares").Prints(t, "shares deleted\n")
	workshop(t, c.Kafka(), "groups", "describe", "shares").Fails(t, "group shares does not exist")
}
