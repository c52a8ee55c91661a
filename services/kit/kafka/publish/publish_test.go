package publish_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/publish"
	"workshop.example/kit/kafkatest"
)

var codecs = []sarama.CompressionCodec{
	sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD,
}

// Sarama reads what was published, whatever the codec, byte by byte.
func TestMessagesArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_700_000_000_000)
	headers := []sarama.RecordHeader{{Key: []byte("trace"), Value: []byte{0, 255}}, {Key: []byte{}, Value: nil}}
	messages := []publish.Message{
		{Key: []byte("k"), Value: []byte("v"), Time: at, Headers: headers},
		{Key: []byte{}, Value: []byte{}, Time: at.Add(-time.Hour)}, // before the first of its batch
		{Key: []byte("tombstone"), Value: nil, Time: at},
		{Key: nil, Value: bytes.Repeat([]byte("long "), 20_000), Time: at.Add(time.Hour)},
	}
	for _, codec := range codecs {
		t.Run(codec.String(), func(t *testing.T) {
			t.Parallel()
			b := start(t, kafkatest.Start(t, "t:1"), func(conf *sarama.Config) { conf.Producer.Compression = codec })
			for i, m := range messages {
				m.Topic, m.Tag = "t", fmt.Sprint(i)
				if err := b.Publish(t.Context(), &m); err != nil {
					t.Fatal(err)
				}
			}
			b.Close(t.Context())
			got := b.cluster.ReadAll("t")
			if len(got) != len(messages) {
				t.Fatalf("%d messages, want %d", len(got), len(messages))
			}
			for i, m := range messages {
				g := got[i]
				if !bytes.Equal(g.Key, m.Key) || (g.Key == nil) != (m.Key == nil) || !bytes.Equal(g.Value, m.Value) ||
					(g.Value == nil) != (m.Value == nil) || !g.Timestamp.Equal(m.Time) || len(g.Headers) != len(m.Headers) {
					t.Errorf("message %d: %+v", i, g)
				}
				for j, h := range m.Headers {
					if !bytes.Equal(g.Headers[j].Key, h.Key) || !bytes.Equal(g.Headers[j].Value, h.Value) {
						t.Errorf("message %d: header %d is %+v", i, j, g.Headers[j])
					}
				}
				if o := b.told[fmt.Sprint(i)]; o.Offset != g.Offset || o.Partition != g.Partition {
					t.Errorf("message %d: told %+v, is at %d", i, o, g.Offset)
				}
			}
		})
	}
}

func TestFloodArrives(t *testing.T) {
	t.Parallel()
	for _, codec := range codecs {
		b := start(t, kafkatest.Start(t, "t:3"), func(conf *sarama.Config) { conf.Producer.Compression = codec })
		b.publishAll(20_000)
		b.wantAll(20_000)
	}
}

// A key has the partition that sarama, with the hash of the Java client, gives it.
func TestKeysHaveTheSamePartitionAsWithSarama(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:7")
	b, other := start(t, c), c.Producer()
	for n := range 200 {
		key := fmt.Sprint("user ", n)
		partition, _, err := other.SendMessage(&sarama.ProducerMessage{Topic: "t", Key: sarama.StringEncoder(key)})
		if err != nil {
			t.Fatal(err)
		}
		b.publish(key, key)
		kafkatest.Eventually(t, "outcome", func() bool { _, found := b.outcome(key); return found })
		if o, _ := b.outcome(key); o.Partition != partition {
			t.Errorf("key %q: partition %d, want %d", key, o.Partition, partition)
		}
	}
}

func TestLesserAcks(t *testing.T) {
	t.Parallel()
	for _, acks := range []sarama.RequiredAcks{sarama.WaitForLocal, sarama.NoResponse} {
		b := start(t, kafkatest.Start(t, "t:3"), func(conf *sarama.Config) {
			conf.Producer.RequiredAcks, conf.Producer.Idempotent = acks, false
		})
		b.publishAll(5000)
		b.Close(t.Context())
		// Without answers the last requests may be read by the cluster only now.
		kafkatest.Eventually(t, "all are in the log", func() bool { return len(b.cluster.ReadAll("t")) == 5000 })
		b.wantAll(5000)
		if offset := b.told[numbered(1)].Offset; (offset < 0) != (acks == sarama.NoResponse) {
			t.Errorf("acks %d: offset %d", acks, offset)
		}
	}
}

// A lone message does not wait for others. A publisher that lingered would pass this too, so the requests are counted as
// well: those of a flood are few.
func TestBatchesGrowWhileRequestsAreUnderWay(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	produced := observeProduce(c)
	b := start(t, c)
	b.publish("k", numbered(0))
	kafkatest.Eventually(t, "the first is acknowledged", func() bool { return b.count(publish.Acknowledged) == 1 })
	if got := produced.Hits(); got != 1 {
		t.Errorf("%d requests for one message", got)
	}
	for n := 1; n < 20_000; n++ {
		b.publish("k", numbered(n))
	}
	b.wantAll(20_000)
	if got := produced.Hits(); got > 2000 {
		t.Errorf("%d requests for 20,000 messages", got)
	}
}

// While nobody takes the outcomes, memory is bounded and Publish blocks; it goes on when they are taken.
func TestPublishBlocksWhenMemoryIsFull(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:3")
	client, err := c.Kafka().Dial(t.Context(), c.Kafka().Config("test"), []string{"t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	held, told := make(chan struct{}), 0
	p, err := publish.New(t.Context(), client, publish.Options{Topics: []string{"t"}, Memory: 1 << 20, Outcomes: func(o []publish.Outcome) {
		<-held
		told += len(o)
	}})
	if err != nil {
		t.Fatal(err)
	}
	m := &publish.Message{Topic: "t", Key: []byte("k"), Value: make([]byte, 1000)}
	accepted := 0
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for ; accepted < 5000; accepted++ {
		if err := p.Publish(ctx, m); err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	if accepted < 200 || accepted > 1100 {
		t.Errorf("%d messages of 1 kB in 1 MiB", accepted)
	}
	close(held)
	for range 5000 {
		if err := p.Publish(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		accepted++
	}
	p.Close(t.Context())
	if told != accepted {
		t.Errorf("%d outcomes of %d", told, accepted)
	}
}

func TestMistakesOfTheCaller(t *testing.T) {
	t.Parallel()
	b := start(t, kafkatest.Start(t, "t:1", "other:1"))
	if err := b.Publish(t.Context(), &publish.Message{Topic: "other"}); err == nil || !strings.Contains(err.Error(), "other") {
		t.Errorf("another topic: %v", err)
	}
	huge := &publish.Message{Topic: "t", Value: make([]byte, 2*publish.DefaultMemory)}
	if err := b.Publish(t.Context(), huge); !errors.Is(err, sarama.ErrMessageSizeTooLarge) {
		t.Errorf("a message as large as the memory: %v", err)
	}
	b.closeNow()
	if err := b.Publish(t.Context(), &publish.Message{Topic: "t"}); !errors.Is(err, publish.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if len(b.told) > 0 {
		t.Errorf("outcomes of messages that were not taken: %v", b.told)
	}
}

func TestAddedPartitionsAreUsed(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	b := start(t, c, func(conf *sarama.Config) { conf.Metadata.RefreshFrequency = 50 * time.Millisecond })
	c.AddPartitions("t", 4)
	n := 0
	kafkatest.Eventually(t, "a message is in the last partition", func() bool {
		n++
		b.publish(fmt.Sprint("key ", n), numbered(n))
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, o := range b.told {
			if o.Partition == 3 {
				return true
			}
		}
		return false
	})
	b.wantAll(n)
}
