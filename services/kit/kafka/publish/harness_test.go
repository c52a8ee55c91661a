package publish_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/publish"
	"workshop.example/kit/kafkatest"
)

// bench is a publisher on a cluster, and the outcomes that it has told. The tag of a message is its value.
type bench struct {
	*publish.Publisher
	t       testing.TB
	cluster *kafkatest.Cluster

	mu    sync.Mutex
	told  map[string]publish.Outcome
	twice []string // tags that were told more than once
}

// start starts a publisher to topic t with a configuration that change has changed.
func start(t testing.TB, c *kafkatest.Cluster, change ...func(*sarama.Config)) *bench {
	t.Helper()
	return startWith(t, c, publish.Options{}, change...)
}

func startWith(t testing.TB, c *kafkatest.Cluster, o publish.Options, change ...func(*sarama.Config)) *bench {
	t.Helper()
	conf := c.Kafka().Config("test")
	kafka.Publishing{Acks: sarama.WaitForAll, Idempotent: true}.Apply(conf)
	for _, f := range change {
		f(conf)
	}
	client, err := c.Kafka().Dial(t.Context(), conf, []string{"t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	b := &bench{t: t, cluster: c, told: map[string]publish.Outcome{}}
	o.Topics, o.Outcomes = []string{"t"}, b.note
	b.Publisher, err = publish.New(t.Context(), client, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.closeNow() })
	return b
}

func (b *bench) note(outcomes []publish.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range outcomes {
		tag := o.Tag.(string)
		if _, again := b.told[tag]; again {
			b.twice = append(b.twice, tag)
		}
		b.told[tag] = o
	}
}

func (b *bench) outcome(tag string) (publish.Outcome, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, found := b.told[tag]
	return o, found
}

func (b *bench) count(result publish.Result) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, o := range b.told {
		if o.Result == result {
			n++
		}
	}
	return n
}

func (b *bench) closeNow() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.Close(ctx)
}

func (b *bench) publish(key, value string) {
	b.t.Helper()
	if err := b.Publish(b.t.Context(), &publish.Message{Topic: "t", Key: []byte(key), Value: []byte(value), Tag: value}); err != nil {
		b.t.Error(err)
	}
}

// publishAll publishes count messages of 100 bytes; the value begins with a number that grows for each of seven keys.
func (b *bench) publishAll(count int) {
	b.t.Helper()
	for n := range count {
		b.publish(fmt.Sprint("key-", n%7), numbered(n))
	}
}

func numbered(n int) string { return fmt.Sprintf("%06d%s", n, strings.Repeat("x", 94)) }

// finding is what the log has of what was published.
type finding struct{ lost, duplicated, outOfOrder, misplaced int }

// judge closes the publisher, and compares what it has told of count messages with what is in the topic.
func (b *bench) judge(count int) finding {
	b.t.Helper()
	b.Close(b.t.Context())
	if len(b.told) != count || len(b.twice) > 0 {
		b.t.Errorf("%d outcomes and %d told twice, want one for each of %d messages", len(b.told), len(b.twice), count)
	}
	var f finding
	at, last := map[string]string{}, map[string]int{}
	for _, msg := range b.cluster.ReadAll("t") {
		value, place := string(msg.Value), fmt.Sprintf("%d/%d", msg.Partition, msg.Offset)
		if _, again := at[value]; again {
			f.duplicated++
		}
		at[value] = place
		o, found := b.told[value]
		if !found || o.Result == publish.Failed {
			b.t.Errorf("message %.6s is in the log, and was told to be none: %+v", value, o)
		}
		if o.Result == publish.Acknowledged && o.Offset >= 0 && place != fmt.Sprintf("%d/%d", o.Partition, o.Offset) {
			f.misplaced++
		}
		if n, err := strconv.Atoi(value[:min(6, len(value))]); err == nil {
			if before, seen := last[string(msg.Key)]; seen && n <= before {
				f.outOfOrder++
			}
			last[string(msg.Key)] = n
		}
	}
	for value, o := range b.told {
		if _, stored := at[value]; !stored && o.Result == publish.Acknowledged {
			f.lost++
		}
	}
	return f
}

// wantAll wants each of count messages acknowledged, in the log once where it was told to be, and in order.
func (b *bench) wantAll(count int) {
	b.t.Helper()
	if got := b.judge(count); got != (finding{}) {
		b.t.Errorf("%+v, want none", got)
	}
	for tag, o := range b.told {
		if o.Result != publish.Acknowledged {
			b.t.Fatalf("message %.6s: result %d, %v", tag, o.Result, o.Err)
		}
	}
}

func anyError(o publish.Outcome, target error) bool { return errors.Is(o.Err, target) }

// incompressible is a text that no codec makes smaller by much.
func incompressible(n int) string {
	text := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(text)
	return hex.EncodeToString(text)[:n]
}
