package topic

import (
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

// partitioned is a topic whose partitions have these replicas; the first leads.
func partitioned(replicas ...[]int32) *sarama.TopicMetadata {
	t := &sarama.TopicMetadata{Name: "t"}
	for i, r := range replicas {
		t.Partitions = append(t.Partitions, &sarama.PartitionMetadata{ID: int32(i), Leader: r[0], Replicas: r, Isr: r})
	}
	return t
}

func TestSpread(t *testing.T) {
	lags := partitioned([]int32{1, 2, 3})
	lags.Partitions[0].Leader, lags.Partitions[0].Isr = 3, []int32{1, 3}
	for _, c := range []struct {
		name       string
		topic      *sarama.TopicMetadata
		candidates []int32
		replicas   int
		want       string
	}{
		{"one more", partitioned([]int32{1}, []int32{2}, []int32{3}), []int32{1, 2, 3}, 2, "[[1 2] [2 1] [3 1]]"},
		{"one more, spread", partitioned([]int32{1}, []int32{1}, []int32{1}), []int32{1, 2, 3}, 2, "[[1 2] [1 3] [1 2]]"},
		{"fewer: the leader stays, then who is in sync", lags, []int32{1, 2, 3}, 2, "[[3 1]]"},
		{"one only: the leader", partitioned([]int32{2, 1, 3}, []int32{3, 2, 1}), []int32{1, 2, 3}, 1, "[[2] [3]]"},
		{"other brokers", partitioned([]int32{1, 2}, []int32{2, 1}), []int32{2, 3}, 2, "[[2 3] [2 3]]"},
		{
			"a fourth broker takes its share", partitioned([]int32{1}, []int32{2}, []int32{3}, []int32{1}),
			[]int32{1, 2, 3, 4}, 2, "[[1 4] [2 3] [3 2] [1 4]]",
		},
		{"as it is", partitioned([]int32{1, 2}), []int32{1, 2, 3}, 2, "[[1 2]]"},
	} {
		var got [][]int32
		for _, p := range spread(c.topic, c.candidates, c.replicas) {
			got = append(got, p.After)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestArrived(t *testing.T) {
	topic := partitioned([]int32{1, 2}, []int32{2, 3}, []int32{3, 1})
	topic.Partitions[1].Isr = []int32{2}
	plan := []reassigned{{Partition: 0, After: []int32{1, 2}}, {Partition: 1, After: []int32{2, 3}}, {Partition: 2, After: []int32{3, 2}}}
	if got := arrived(topic, plan); got != 1 {
		t.Errorf("%d, want 1: one lacks a replica in sync, one has others", got)
	}
}

// The embedded cluster would accept the request, and do nothing.
func TestReassignRefusesAnEmbeddedCluster(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	for _, dry := range []string{"--dry-run=false", "--dry-run"} {
		workshop(t, c.Kafka(), "topics", "reassign", "t", "--replication-factor", "2", dry).Fails(t, "this needs real brokers")
	}
}

func TestWrongUseOfReassign(t *testing.T) {
	for _, r := range []struct{ args, want string }{
		{"t", "nothing to change"},
		{"t --replication-factor 0", "has to be from 1"},
		{"t --brokers 1 --wait 0s", "--wait greater than 0"},
	} {
		got := workshop(t, kafka.Cluster{}, append([]string{"topics", "reassign"}, strings.Fields(r.args)...)...)
		got.Fails(t, r.want)
		if !admintest.IsUsage(got.Err) {
			t.Errorf("%s: exits with 1, want 2", r.args)
		}
	}
	up := []*sarama.Broker{sarama.NewBroker("a:1")}
	if _, err := candidates(up, []int32{7}); err == nil || !strings.Contains(err.Error(), "there is no broker 7, or it is down") {
		t.Errorf("error %v", err)
	}
}
