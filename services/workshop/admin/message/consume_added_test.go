package message

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
)

// consume reads partitions that are added while it runs from their beginning, alone and in a group.
// With old metadata, the control, it does not; with --partition nobody asked for others.
func TestConsumeReadsAddedPartitions(t *testing.T) {
	for _, r := range []struct {
		args  string
		age   time.Duration
		added bool
	}{
		{"", 300 * time.Millisecond, true},
		{"--from-beginning", 300 * time.Millisecond, true},
		{"--group g", 300 * time.Millisecond, true},
		{"--from-beginning", time.Hour, false},
		{"--group g --from-beginning", time.Hour, false},
		{"--partition 0", 300 * time.Millisecond, false},
	} {
		t.Run(r.args+r.age.String(), func(t *testing.T) {
			c := kafkatest.Start(t, "t:1")
			cluster := c.Kafka()
			cluster.MetadataAge = r.age
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			out, ended := &kafkatest.Output{}, make(chan error, 1)
			go func() {
				ended <- workshopOn(ctx, cluster, strings.NewReader(""), out, &kafkatest.Output{},
					append([]string{"consume", "t"}, strings.Fields(r.args)...)...).Err
			}()
			kafkatest.Eventually(t, "the reader at work", func() bool { // by default it begins at the end
				c.ProduceValues("t", "x")
				return out.String() != ""
			})
			c.AddPartitions("t", 2)
			c.SendTo("t", 1, "new1", "new2")
			c.SendTo("t", 0, "old")
			kafkatest.Eventually(t, "the old partition's message", func() bool { return strings.Contains(out.String(), "old\n") })
			if r.added {
				kafkatest.Eventually(t, "the new partition's messages", func() bool { return strings.Contains(out.String(), "new2\n") })
			}
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			got := strings.ReplaceAll(strings.ReplaceAll(out.String(), "x\n", ""), "old\n", "")
			if want := map[bool]string{true: "new1\nnew2\n"}[r.added]; got != want {
				t.Errorf("printed %q of the new partition, want %q", got, want)
			}
		})
	}
}

// A partition that was just added may have a leader that does not know it yet. That passes, and ends nothing.
func TestConsumeWaitsForAnAddedPartition(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	cluster := c.Kafka()
	cluster.MetadataAge = 300 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, ended := &kafkatest.Output{}, make(chan error, 1)
	go func() {
		ended <- workshopOn(ctx, cluster, strings.NewReader(""), out, &kafkatest.Output{}, "consume", "t", "--from-beginning").Err
	}()
	c.ProduceValues("t", "old")
	kafkatest.Eventually(t, "the reader at work", func() bool { return out.String() != "" })
	c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Topic: "t", Partitions: []int32{1}, Err: kerr.NotLeaderForPartition, Count: 5})
	c.AddPartitions("t", 2)
	c.SendTo("t", 1, "new")
	kafkatest.Eventually(t, "the new partition's message, or an end", func() bool {
		return strings.Contains(out.String(), "new\n") || len(ended) > 0
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
