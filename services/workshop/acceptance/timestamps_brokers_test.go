//go:build brokers

package acceptance

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// In a topic with LogAppendTime the broker's time counts, whichever way we read, as it does for kcat; the
// producer's, of 2001, is in its records all the same.
func TestTheBrokersTimeIsShown(t *testing.T) {
	t.Parallel()
	name := unique("t")
	tool(t, "", "topics", "create", name, "--config", "message.timestamp.type=LogAppendTime")
	conf := stack.Config("test")
	conf.Producer.Return.Successes = true
	producer, err := sarama.NewSyncProducer(stack.Brokers, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	before := time.Now()
	if err := producer.SendMessages([]*sarama.ProducerMessage{
		{Topic: name, Value: sarama.StringEncoder("a"), Timestamp: time.Unix(1_000_000_000, 0)},
		{Topic: name, Value: sarama.StringEncoder("b"), Timestamp: time.Unix(1_000_000_005, 0)},
	}); err != nil {
		t.Fatal(err)
	}
	kcat := strings.Fields(theirs(t, "", "kcat", "-C", "-t", name, "-e", "-q", "-o", "beginning", "-f", "%T\n"))
	for _, args := range []string{"--from-beginning --to-end", "--from-beginning --max 2", "--from-beginning --max 2 --group " + name} {
		lines := strings.Split(strings.TrimSpace(tool(t, "", append([]string{"consume", name, "-v"}, strings.Fields(args)...)...)), "\n")
		for i, line := range lines[1:] { // below the names of the columns
			at, err := time.Parse(time.RFC3339, strings.Fields(line)[2])
			if err != nil || at.Before(before.Add(-time.Minute)) || strconv.FormatInt(at.UnixMilli(), 10) != kcat[i] {
				t.Errorf("consume %s shows the time %s, kcat %s", args, at, kcat[i])
			}
		}
	}
	// A search by time finds the messages by the same time: in 2002 there was none yet.
	for _, r := range []struct{ at, want string }{{"2002-01-01T00:00:00Z", "0"}, {time.Now().Add(time.Hour).Format(time.RFC3339), "2"}} {
		out := tool(t, "", "groups", "reset", name, "--topic", name, "--to", r.at)
		if f := strings.Fields(out); f[len(f)-1] != r.want {
			t.Errorf("reset to %s: offset %s, want %s", r.at, f[len(f)-1], r.want)
		}
	}
}
