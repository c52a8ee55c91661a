package kafka_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// dialling is a Dial under way.
type dialling struct {
	t      testing.TB
	cancel context.CancelFunc
	done   chan error
	mu     sync.Mutex
	causes []error
}

func dial(t testing.TB, brokers []string, topics ...string) *dialling {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	d := &dialling{t: t, cancel: cancel, done: make(chan error, 1)}
	cluster := kafka.Cluster{Brokers: brokers}
	go func() {
		client, err := cluster.Dial(ctx, cluster.Config("test"), topics, func(cause error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.causes = append(d.causes, cause)
		})
		if err == nil {
			client.Close()
		}
		d.done <- err
	}()
	return d
}

// waitCause waits until the dial has said that it waits, and returns why.
func (d *dialling) waitCause() (cause error) {
	d.t.Helper()
	kafkatest.Eventually(d.t, "the dial says why it waits", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		if len(d.causes) == 0 {
			return false
		}
		cause = d.causes[len(d.causes)-1]
		return true
	})
	return cause
}

func (d *dialling) wait() error {
	d.t.Helper()
	select {
	case err := <-d.done:
		return err
	case <-time.After(kafkatest.Deadline):
		d.t.Fatal("the dial did not end")
		return nil
	}
}

func TestDialWaitsForBrokersAndTopics(t *testing.T) {
	t.Parallel()
	port := kafkatest.FreePort(t)
	addr := "127.0.0.1:" + strconv.Itoa(port)
	d := dial(t, []string{addr}, "transactions", "scoreGame")
	if cause := d.waitCause(); !strings.Contains(cause.Error(), addr+": connection refused") {
		t.Errorf("cause %q does not name the address", cause)
	}
	c := kafkatest.StartOn(t, port)
	var missing *kafka.MissingTopicError
	kafkatest.Eventually(t, "a missing topic is named", func() bool { return errors.As(d.waitCause(), &missing) })
	if missing.Topic != "transactions" {
		t.Errorf("named %s first", missing.Topic)
	}
	c.CreateTopic("transactions:3")
	kafkatest.Eventually(t, "the second topic is named", func() bool {
		return errors.As(d.waitCause(), &missing) && missing.Topic == "scoreGame"
	})
	c.CreateTopic("scoreGame:1")
	if err := d.wait(); err != nil {
		t.Fatal(err)
	}
}

func TestDialNamesAWrongName(t *testing.T) {
	t.Parallel()
	d := dial(t, []string{"broker.invalid:9092"}, "t")
	if cause := d.waitCause(); !strings.Contains(cause.Error(), "broker.invalid:9092: no such host") {
		t.Errorf("cause %q", cause)
	}
}

// A port where something else listens: the connection is made, and Kafka's answer never comes.
func TestDialNamesAPortThatIsNotKafka(t *testing.T) {
	t.Parallel()
	addr := kafkatest.Listen(t, func(conn net.Conn) {
		conn.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n"))
		conn.Close()
	})
	d := dial(t, []string{addr}, "t")
	if cause := d.waitCause(); !strings.Contains(cause.Error(), "nobody there answers as Kafka does") {
		t.Errorf("cause %q", cause)
	}
}

// A stop ends the wait at once, even while a call into sarama hangs on a silent port.
func TestDialStopsAtOnce(t *testing.T) {
	t.Parallel()
	accepted := make(chan struct{}, 16)
	addr := kafkatest.Listen(t, func(net.Conn) { accepted <- struct{}{} }) // and never answers
	d := dial(t, []string{addr}, "t")
	<-accepted
	began := time.Now()
	d.cancel()
	if err := d.wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > 5*time.Second { // sarama alone would take Net.ReadTimeout, 15 s
		t.Errorf("took %s", took)
	}
}

// The bootstrap address works, the advertised one does not: both are named, with the remedy.
func TestDialExplainsAnUnreachableAdvertisedAddress(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "t:1")
	closed := kafkatest.FreePort(t)
	c.ControlKey(int16(kmsg.Metadata), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		req := kreq.(*kmsg.MetadataRequest)
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		broker := kmsg.NewMetadataResponseBroker()
		broker.NodeID, broker.Host, broker.Port = 1, "127.0.0.1", int32(closed)
		resp.Brokers = append(resp.Brokers, broker)
		for _, topic := range req.Topics {
			partition := kmsg.NewMetadataResponseTopicPartition()
			partition.Leader, partition.Replicas, partition.ISR = 1, []int32{1}, []int32{1}
			answer := kmsg.NewMetadataResponseTopic()
			answer.Topic, answer.Partitions = topic.Topic, []kmsg.MetadataResponseTopicPartition{partition}
			resp.Topics = append(resp.Topics, answer)
		}
		return resp, nil, true
	})
	d := dial(t, c.ListenAddrs()[:1], "t")
	cause := d.waitCause()
	var unreachable *kafka.UnreachableError
	if !errors.As(cause, &unreachable) {
		t.Fatalf("cause %v", cause)
	}
	for _, lang := range []service.Lang{service.Portuguese, service.English} {
		line := lines.Waiting(lang, cause)
		for _, word := range []string{c.ListenAddrs()[0], "127.0.0.1:" + strconv.Itoa(closed), "ADVERTISED_HOST", "BOOTSTRAP_SERVERS"} {
			if !strings.Contains(line, word) {
				t.Errorf("%s: no %q in %q", lang, word, line)
			}
		}
	}
}

func TestSendReportsAnUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		over := make(chan struct{})
		defer close(over)
		began := time.Now()
		if err := kafka.Send(ctx, silent{over: over}, &sarama.ProducerMessage{}, history.Operation{}); !errors.Is(err, kafka.ErrUnknown) {
			t.Errorf("error %v", err)
		}
		if waited := time.Since(began); waited != wait.Grace {
			t.Errorf("waited for %s, want %s", waited, wait.Grace)
		}
	})
}

// silent is a producer whose broker never answers.
type silent struct {
	sarama.SyncProducer
	over chan struct{} // the test is
}

func (s silent) SendMessage(*sarama.ProducerMessage) (int32, int64, error) {
	<-s.over
	return 0, 0, nil
}

// Whoever looks at a cluster gets what is there of it: a dead bootstrap address and a topic without a
// leader keep nobody waiting. Dial, which waits for all of it, is the control. It is not parallel, as it measures time.
func TestDialOnceIsContentWithWhatThereIs(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ControlKey(int16(kmsg.Metadata), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := kreq.ResponseKind().(*kmsg.MetadataResponse)
		for i, addr := range c.ListenAddrs() {
			broker := kmsg.NewMetadataResponseBroker()
			_, port, _ := net.SplitHostPort(addr)
			n, _ := strconv.Atoi(port)
			broker.NodeID, broker.Host, broker.Port = int32(i), "127.0.0.1", int32(n)
			resp.Brokers = append(resp.Brokers, broker)
		}
		partition := kmsg.NewMetadataResponseTopicPartition()
		partition.Leader, partition.Replicas, partition.ErrorCode = -1, []int32{7}, kerr.LeaderNotAvailable.Code
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.Partitions = kmsg.StringPtr("t"), []kmsg.MetadataResponseTopicPartition{partition}
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	brokers := append([]string{"127.0.0.1:" + strconv.Itoa(kafkatest.FreePort(t))}, c.ListenAddrs()...)
	cluster := kafka.Cluster{Brokers: brokers}
	for _, conf := range []*sarama.Config{cluster.Config("test"), cluster.AdminConfig("test")} {
		began := time.Now()
		client, err := cluster.DialOnce(t.Context(), conf, "t")
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
		if n := len(client.Brokers()); n != 3 || client.Config().Metadata.Retry.Max != conf.Metadata.Retry.Max {
			t.Errorf("%d brokers, and %d retries from now on", n, client.Config().Metadata.Retry.Max)
		}
		client.Close()
	}
	d := dial(t, brokers, "t")
	if cause := d.waitCause(); !strings.Contains(cause.Error(), "leader") {
		t.Errorf("cause %q", cause)
	}
}

func TestDialOnceNamesWhatItCannotReach(t *testing.T) {
	t.Parallel()
	addr := "127.0.0.1:" + strconv.Itoa(kafkatest.FreePort(t))
	cluster := kafka.Cluster{Brokers: []string{addr}}
	if _, err := cluster.DialOnce(t.Context(), cluster.Config("test")); err == nil || !strings.Contains(err.Error(), addr+
		": connection refused") {
		t.Errorf("nobody there: %v", err)
	}
	c := kafkatest.Start(t)
	closed := kafkatest.FreePort(t)
	c.ControlKey(int16(kmsg.Metadata), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := kreq.ResponseKind().(*kmsg.MetadataResponse)
		broker := kmsg.NewMetadataResponseBroker()
		broker.NodeID, broker.Host, broker.Port = 1, "127.0.0.1", int32(closed)
		resp.Brokers = append(resp.Brokers, broker)
		return resp, nil, true
	})
	var unreachable *kafka.UnreachableError
	if _, err := c.Kafka().DialOnce(t.Context(), c.Kafka().Config("test")); !errors.As(err, &unreachable) {
		t.Errorf("an address that cannot be reached: %v", err)
	}
}
