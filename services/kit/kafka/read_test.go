package kafka_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

func texts(msgs []*sarama.ConsumerMessage) string {
	var all []string
	for _, m := range msgs {
		all = append(all, string(m.Value))
	}
	return strings.Join(all, " ")
}

// A topic whose last offset is a marker, and of whose messages some were aborted, has an end.
func TestReadToEndOfTransactions(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	if got := texts(c.ReadAll("t")); got != "" {
		t.Errorf("an empty topic gives %s", got)
	}
	var want []string
	for i := range 20 {
		id := fmt.Sprint("id", i%3)
		if i%4 == 0 {
			c.Transact("t", kafka.Transactional{ID: id}, fmt.Sprint("-", i))
			continue
		}
		c.Transact("t", kafka.Transactional{ID: id}, fmt.Sprint(i))
		want = append(want, fmt.Sprint(i))
	}
	c.ProduceValues("t", "plain")
	c.Transact("t", kafka.Transactional{ID: "id0"}, "-last")
	want = append(want, "plain")
	if got := texts(c.ReadAll("t")); got != strings.Join(want, " ") {
		t.Errorf("read_committed gives %s, want %s", got, want)
	}
	all := c.ReadUncommitted("t")
	if len(all) != 22 || string(all[21].Value) != "-last" { // the control
		t.Errorf("read_uncommitted gives %s, want all 22", texts(all))
	}
	if !slices.IsSortedFunc(all, func(a, b *sarama.ConsumerMessage) int { return int(a.Offset - b.Offset) }) {
		t.Error("offsets are out of order")
	}
}

// What stands behind an open transaction is not the end: it is waited for until that is decided.
func TestReadToEndWaitsForAnOpenTransaction(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.Transact("t", kafka.Transactional{ID: "ended"}, "1")
	c.Transact("t", kafka.Transactional{ID: "hanging", Timeout: time.Second}, "?2")
	c.ProduceValues("t", "3")
	if got := texts(c.ReadUncommitted("t")); got != "1 ?2 3" {
		t.Errorf("read_uncommitted gives %s", got)
	}
	if got := texts(c.ReadAll("t")); got != "1 3" {
		t.Errorf("read_committed gives %s, want 1 3", got)
	}
}

func TestReadToEndBeyondTheEnd(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1", "2")
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var got []*sarama.ConsumerMessage
	take := func(msg *sarama.ConsumerMessage) error { got = append(got, msg); return nil }
	if next, err := kafka.ReadToEnd(t.Context(), client, "t", 0, 1, sarama.ReadCommitted, take); err != nil || next != 2 || texts(got) != "2" {
		t.Errorf("from the second: position %d, %v, messages %s", next, err, texts(got))
	}
	if _, err := kafka.ReadToEnd(t.Context(), client, "t", 0, 9, sarama.ReadCommitted, take); !errors.Is(err, sarama.ErrOffsetOutOfRange) {
		t.Errorf("beyond the end: %v", err)
	}
}

// Up to the last stable offset there is nothing to wait for, whatever is open behind it.
func TestReadToTheLastStableOffset(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.Begin("t", "ended", "1")(true)        // 0, its marker 1
	end := c.Begin("t", "hanging", "not 2") // 2
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	stable, err := kafka.StableOffset(client, "t", 0)
	if newest, newErr := client.GetOffset("t", 0, sarama.OffsetNewest); err != nil || newErr != nil || stable != 2 || newest != 3 {
		t.Errorf("last stable offset %d, %v, end %d, %v; want 2 and 3", stable, err, newest, newErr)
	}
	var got []*sarama.ConsumerMessage
	next, err := kafka.ReadTo(t.Context(), client, "t", 0, 0, stable, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		got = append(got, msg)
		return nil
	})
	if err != nil || next != 2 || texts(got) != "1" {
		t.Errorf("position %d, %v, messages %s", next, err, texts(got))
	}
	// The control: up to the end it does wait, and comes behind the marker that ends the open transaction.
	looks := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Count: -1, Observe: true})
	read := make(chan string, 1)
	go func() {
		next, err := kafka.ReadToEnd(t.Context(), client, "t", 0, 0, sarama.ReadCommitted, func(*sarama.ConsumerMessage) error { return nil })
		read <- fmt.Sprint(next, err)
	}()
	kafkatest.Eventually(t, "it has looked again", func() bool { return looks.Hits() > 1 })
	end(false)
	if got := <-read; got != "4 <nil>" {
		t.Errorf("to the end: position and error %s, want 4", got)
	}
}

// A new leader is behind with its high-water mark until its followers have fetched again. Until then a fetch shows less than was
// acknowledged, and ListOffsets has no answer (KIP-207).
func TestReadToEndOfANewLeader(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	c.SendTo("t", 0, "0", "1", "2")
	var mu sync.Mutex
	behind := 3 // fetches
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		mu.Lock()
		defer mu.Unlock()
		if behind == 0 {
			return nil, nil, false
		}
		c.KeepControl()
		behind--
		asked := req.(*kmsg.FetchRequest).Topics[0]
		partition := kmsg.NewFetchResponseTopicPartition()
		partition.RecordBatches = []byte{}
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic, topic.TopicID = asked.Topic, asked.TopicID
		topic.Partitions = append(topic.Partitions, partition) // with a high-water mark of 0
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	unknown := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.ListOffsets}, Err: kerr.LeaderNotAvailable, Count: 2,
		When: func(req kmsg.Request) bool {
			return req.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Timestamp == sarama.OffsetNewest
		}})
	client, err := sarama.NewClient(c.ListenAddrs(), c.Kafka().Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = kafka.ReadShown(t.Context(), client, "t", 0, sarama.OffsetOldest, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		return fmt.Errorf("%s is shown", msg.Value)
	})
	if err != nil {
		t.Errorf("%v, want nothing up to the leader's mark", err)
	}
	if got := texts(c.ReadAll("t")); got != "0 1 2" {
		t.Errorf("got %q, want all that was acknowledged", got)
	}
	if unknown.Hits() < 2 {
		t.Errorf("the leader was asked %d times for an end that it did not know, want 2: the test did not test", unknown.Hits())
	}
}
