package wire_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/wire"
)

// between starts a proxy, and returns the cluster as clients see it through it.
func between(t testing.TB, c *kafkatest.Cluster) (*wire.Proxy, kafka.Cluster) {
	t.Helper()
	p, err := wire.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error("the proxy ended a connection:", err)
		}
	})
	return p, kafka.Cluster{Brokers: c.ListenAddrs(), Proxy: p.URL()}
}

// config is the services' own, with retries as fast and as few as a test wants them.
func config(cluster kafka.Cluster, clientID string) *sarama.Config {
	conf := cluster.Config(clientID)
	conf.Producer.Retry.Max, conf.Producer.Retry.Backoff = 20, time.Millisecond
	conf.Metadata.Retry.Max, conf.Metadata.Retry.Backoff = 20, 5*time.Millisecond
	conf.Producer.Transaction.Retry.Backoff = 5 * time.Millisecond
	return conf
}

func producer(t testing.TB, cluster kafka.Cluster, conf *sarama.Config) sarama.SyncProducer {
	t.Helper()
	p, err := sarama.NewSyncProducer(cluster.Brokers, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func message(topic, value string) *sarama.ProducerMessage {
	return &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value)}
}

// A lost answer makes a producer send again what the broker has. Without idempotence each is a
// duplicate, exactly; with it none is.
func TestLostAnswers(t *testing.T) {
	const messages = 60
	for _, idempotent := range []bool{false, true} {
		t.Run(fmt.Sprintf("idempotent=%v", idempotent), func(t *testing.T) {
			c := kafkatest.Start(t, "out:1")
			p, cluster := between(t, c)
			var answers, lost atomic.Int32
			p.OnAnswer(func(a wire.Answer) wire.Fate {
				if a.Request.Key == kmsg.Produce && answers.Add(1)%3 == 0 {
					lost.Add(1)
					return wire.Cut
				}
				return wire.Pass
			})
			conf := config(cluster, "test")
			conf.Producer.Idempotent = idempotent
			out := producer(t, cluster, conf)
			for i := range messages {
				if _, _, err := out.SendMessage(message("out", fmt.Sprint(i))); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, msg := range c.ReadAll("out") {
				got = append(got, string(msg.Value))
			}
			duplicates := len(got) - messages
			slices.Sort(got)
			if distinct := len(slices.Compact(got)); distinct != messages {
				t.Errorf("of %d messages %d are there", messages, distinct)
			}
			wantDuplicates := int(lost.Load())
			if idempotent {
				wantDuplicates = 0
			}
			// 89 tries: of three answers two arrive, so that 60 arrive after 29 were lost.
			if duplicates != wantDuplicates || lost.Load() != 29 {
				t.Errorf("%d duplicates after %d lost answers, want %d after 29", duplicates, lost.Load(), wantDuplicates)
			}
		})
	}
}

// A request that is held holds no other connection, and reaches the broker when it is let go, though
// its client has left long ago.
func TestHeldRequest(t *testing.T) {
	c := kafkatest.Start(t, "out:1")
	p, cluster := between(t, c)
	held, release := make(chan wire.Request, 1), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	t.Cleanup(letGo)
	p.OnRequest(func(r wire.Request) wire.Fate {
		if r.Key == kmsg.OffsetCommit {
			held <- r
			<-release
		}
		return wire.Pass
	})
	commit := kmsg.OffsetCommitRequest{Version: 2, Group: "g", Generation: -1, RetentionTimeMillis: -1,
		Topics: []kmsg.OffsetCommitRequestTopic{
			{Topic: "out", Partitions: []kmsg.OffsetCommitRequestTopicPartition{{Offset: 5}}},
		}}
	addr := c.ListenAddrs()[c.CoordinatorFor("g")]
	conn := dial(t, p, addr)
	conn.Write(request(kmsg.OffsetCommit, commit.Version, 1, commit.AppendTo(nil)...))
	r := <-held
	if r.Conn != 1 || r.Broker != addr {
		t.Errorf("held on connection %d to broker %q, want 1 to %q", r.Conn, r.Broker, addr)
	}
	out := producer(t, cluster, config(cluster, "test"))
	for i := range 3 {
		if _, _, err := out.SendMessage(message("out", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close()
	if got := c.Committed("g", "out", 0); got != -1 {
		t.Errorf("committed %d while the commit is held, want nothing", got)
	}
	letGo()
	kafkatest.Eventually(t, "the late commit is there", func() bool { return c.Committed("g", "out", 0) == 5 })
}

// Requests that nobody answers are no obstacle to those behind them.
func TestWithoutAcks(t *testing.T) {
	const messages = 100
	c := kafkatest.Start(t, "out:1")
	p, cluster := between(t, c)
	var sent, answered atomic.Int32
	p.OnRequest(func(r wire.Request) wire.Fate {
		if r.Key == kmsg.Produce {
			sent.Add(1)
		}
		return wire.Pass
	})
	p.OnAnswer(func(a wire.Answer) wire.Fate {
		if a.Request.Key == kmsg.Produce {
			answered.Add(1)
		}
		return wire.Pass
	})
	conf := config(cluster, "test")
	conf.Producer.Idempotent = false
	conf.Producer.RequiredAcks = sarama.NoResponse
	client, err := sarama.NewClient(cluster.Brokers, conf)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	out, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for i := range messages {
		if _, _, err := out.SendMessage(message("out", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	leader, err := client.Leader("out", 0) // the producer's own connection
	if err != nil {
		t.Fatal(err)
	}
	if _, err := leader.GetMetadata(sarama.NewMetadataRequest(conf.Version, []string{"out"})); err != nil {
		t.Error("a request behind them:", err)
	}
	if got := len(c.ReadAll("out")); got != messages || sent.Load() != messages || answered.Load() != 0 {
		t.Errorf("%d messages arrived, %d sent and %d answered, want %d, %d and 0", got, sent.Load(), answered.Load(), messages, messages)
	}
}
