package board

import (
	"fmt"
	"slices"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// reading is a tail of a topic of one partition, and what it has taken.
type reading struct {
	t      *testing.T
	client sarama.Client
	tail   tail
	values []string
	resets int
}

func read(t *testing.T, c *kafkatest.Cluster, topic string, most int64) *reading {
	t.Helper()
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	r := &reading{t: t, client: client}
	r.tail = tail{
		topic: topic, most: most,
		take:  func(m *sarama.ConsumerMessage) { r.values = append(r.values, string(m.Value)) },
		reset: func() { r.values, r.resets = nil, r.resets+1 },
	}
	return r
}

func (r *reading) want(resets int, values ...string) {
	r.t.Helper()
	if err := r.tail.read(r.t.Context(), r.client); err != nil {
		r.t.Fatal(err)
	}
	if !slices.Equal(r.values, values) || r.resets != resets {
		r.t.Errorf("taken %q after %d resets, want %q after %d", r.values, r.resets, values, resets)
	}
}

func TestTailReadsOn(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "score:1")
	r := read(t, c, "score", 100)
	r.want(0)
	c.ProduceValues("score", "a", "b")
	r.want(0, "a", "b")
	r.want(0, "a", "b")
	c.ProduceValues("score", "c")
	r.want(0, "a", "b", "c")
	c.ShufflePartitionLeaders()
	c.ProduceValues("score", "d")
	kafkatest.Eventually(t, "it finds the new leader", func() bool { return r.tail.read(t.Context(), r.client) == nil && len(r.values) == 4 })
}

// Its first read passes what is older, and so does one after a long pause, which then begins again.
func TestTailPassesWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "score:1")
	c.ProduceValues("score", "a", "b", "c")
	r := read(t, c, "score", 2)
	r.want(0, "b", "c")
	c.ProduceValues("score", "d", "e", "f")
	r.want(1)
	r.want(1, "e", "f")
}

// A topic that was made anew is read from its beginning, and one that does not exist is empty.
func TestTailOfATopicMadeAnew(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "score:1")
	r := read(t, c, "score", 100)
	c.ProduceValues("score", "a", "b", "c")
	r.want(0, "a", "b", "c")
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.DeleteTopic("score"); err != nil {
		t.Fatal(err)
	}
	c.CreateTopic("score:1")
	c.ProduceValues("score", "x")
	kafkatest.Eventually(t, "it reads the new one", func() bool {
		r.tail.read(t.Context(), r.client)
		return fmt.Sprint(r.values) == "[x]"
	})
	missing := read(t, c, "nowhere", 100)
	missing.want(0)
}

// What a transaction has not committed is not shown, and does not hold up a read.
func TestTailWaitsForNoTransaction(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "score:1")
	r := read(t, c, "score", 100)
	conf := c.Kafka().Config("test")
	conf.Producer.Transaction.ID = "open"
	producer, err := sarama.NewSyncProducer(c.ListenAddrs(), conf)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, end := range []struct {
		do   func() error
		want []string
	}{{producer.AbortTxn, nil}, {producer.CommitTxn, []string{"a"}}} {
		if err := producer.BeginTxn(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: "score", Value: sarama.StringEncoder("a")}); err != nil {
			t.Fatal(err)
		}
		r.want(0)
		if err := end.do(); err != nil {
			t.Fatal(err)
		}
		r.want(0, end.want...)
	}
}
