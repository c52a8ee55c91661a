package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
)

// Small lines all arrive, in order, on a topic whose limit is far below a batch of sarama's; the line
// that is too large by itself is named.
func TestProduceBelowALowLimit(t *testing.T) {
	c := kafkatest.Start(t)
	if err := c.Cluster.CreateTopic("t", 1, map[string]string{"max.message.bytes": "4096"}); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for n := range 5000 {
		fmt.Fprintf(&lines, "%050d\n", n)
	}
	produceLines(t, c.Kafka(), lines.String(), "t").OK(t)
	var got strings.Builder
	for _, m := range c.ReadAll("t") {
		fmt.Fprintf(&got, "%s\n", m.Value)
	}
	if got.String() != lines.String() {
		t.Error("what is in the topic is not what was sent, in its order")
	}
	refused := produceLines(t, c.Kafka(), "small\n"+strings.Repeat("x", 5000)+"\nsmall\n", "t")
	if refused.Err == nil || !strings.Contains(refused.Stderr, "line 2: larger than t accepts (max.message.bytes)") ||
		!strings.Contains(refused.Stderr, "2 messages acknowledged, 1 failed") {
		t.Errorf("%v\n%s", refused.Err, refused.Stderr)
	}
}

// The last line is not lost because its partition has just moved to another leader.
func TestProduceRetriesTheLastLine(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	for range 20 {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 1})
		produceLines(t, c.Kafka(), "last\n", "t").OK(t)
	}
	if n := len(c.ReadAll("t")); n != 20 {
		t.Errorf("%d of 20 lines are in the topic", n)
	}
}
