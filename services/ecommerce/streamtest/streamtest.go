// Package streamtest gives a test of a service the e-commerce system's topics, and short ways to send
// to them and to look into them.
package streamtest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// Partitions of every topic.
const Partitions = 3

// System is an embedded cluster with the topics of the contract.
type System struct {
	*kafkatest.Cluster
	t        testing.TB
	producer sarama.SyncProducer
}

// Start starts it; it ends with the test.
func Start(t testing.TB) *System {
	t.Helper()
	c := kafkatest.Start(t)
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("streamtest"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := kafka.ApplyTopics(t.Context(), admin, stream.AllTopics(""), nil); err != nil {
		t.Fatal(err)
	}
	return &System{Cluster: c, t: t, producer: c.Producer()}
}

// Env is a service's environment: these brokers, and pairs of a name and a value.
func (s *System) Env(more ...string) map[string]string {
	vars := map[string]string{"BOOTSTRAP_SERVERS": s.Bootstrap(), "STATE_DIR": s.t.TempDir()}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

// Send publishes payload in an envelope and returns its correlation id.
func (s *System) Send(topic, key string, payload any, headers ...sarama.RecordHeader) event.CorrelationID {
	s.t.Helper()
	way := event.NewCorrelationID("Test").SentTo(topic)
	value, err := event.EncodeEnvelope(payload, way)
	if err != nil {
		s.t.Fatal(err)
	}
	s.SendValue(topic, key, string(value), headers...)
	return way
}

// SendValue publishes any value.
func (s *System) SendValue(topic, key, value string, headers ...sarama.RecordHeader) {
	s.t.Helper()
	msg := &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(key), Value: sarama.StringEncoder(value), Headers: headers}
	if _, _, err := s.producer.SendMessage(msg); err != nil {
		s.t.Fatalf("send to %s: %v", topic, err)
	}
}

// Order is an order.
func Order(t testing.TB, id, amount, email string) event.Order {
	t.Helper()
	a, err := event.ParseAmount(amount)
	if err != nil {
		t.Fatal(err)
	}
	return event.Order{ID: id, Amount: a, Email: email}
}

// JavaOrderWithoutID is an order as Gson writes it where the address had no uuid.
func JavaOrderWithoutID(t testing.TB) string {
	t.Helper()
	value, err := os.ReadFile("../../kit/event/testdata/envelope_order_without_id_java.json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(value))
}

// Message is a message with its envelope open.
type Message struct {
	event.Envelope
	Record *sarama.ConsumerMessage
}

// Messages are those of a topic, partition by partition. All of them have to be readable.
func (s *System) Messages(topic string) []Message {
	s.t.Helper()
	var all []Message
	for _, msg := range s.ReadAll(topic) {
		envelope, err := event.DecodeEnvelope(msg.Value)
		if err != nil {
			s.t.Fatalf("%s/%d/%d: %v: %q", topic, msg.Partition, msg.Offset, err, msg.Value)
		}
		all = append(all, Message{envelope, msg})
	}
	return all
}

// Letter is a dead letter and the way it has come.
type Letter struct {
	event.DeadLetter
	CorrelationID event.CorrelationID
}

// Letters are the dead letters.
func (s *System) Letters() []Letter {
	s.t.Helper()
	var letters []Letter
	for _, msg := range s.Messages(event.DeadLetterTopic) {
		d, err := msg.DeadLetter()
		if err != nil {
			s.t.Fatal(err)
		}
		letters = append(letters, Letter{d, msg.CorrelationID})
	}
	return letters
}

// AwaitHandled waits until the group has committed the end of every partition.
func (s *System) AwaitHandled(group, topic string) {
	s.t.Helper()
	ends := map[int32]int64{}
	for _, msg := range s.ReadAll(topic) {
		ends[msg.Partition] = msg.Offset + 1
	}
	kafkatest.Eventually(s.t, fmt.Sprintf("%s has committed %v of %s", group, ends, topic), func() bool {
		for partition, end := range ends {
			if s.Committed(group, topic, partition) != end {
				return false
			}
		}
		return true
	})
}

// PoisonBecomesLetters sends to topic what no service can read, and checks that each is a dead letter that
// people can read: where it came from, why, which attempt it was, and whose way it continues.
func PoisonBecomesLetters[C any](t *testing.T, s *System, topic, group string, vars map[string]string, configure func(*service.Env) C,
	run func(context.Context, C, *service.Process) error) {
	t.Helper()
	way := event.NewCorrelationID("Test").SentTo(topic)
	s.SendValue(topic, "wrong-type",
		`{"type":"br.com.alura.ecommerce.Invoice","payload":{},"correlationId":{"id":"`+string(way)+`"}}`) // no service wants it
	s.SendValue(topic, "not-json", "olá <mundo>")
	s.SendValue(topic, "again", "{", sarama.RecordHeader{Key: []byte("dlq.attempt"), Value: []byte("1")})
	s.SendValue(topic, "binary", "\xff\x00")
	s.SendValue(topic, "large",
		strings.Repeat("\x00", kafka.DefaultMaxMessageBytes-300)) // all that a message holds; in base64 it would not fit
	r := kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(group, topic)
	if err := r.Stop(); err != nil {
		t.Error(err)
	}
	want := map[string]struct {
		reason  string
		attempt int
	}{
		"wrong-type": {event.ReasonWrongType, 1}, "not-json": {event.ReasonNotJSON, 1},
		"again": {event.ReasonNotJSON, 2}, "binary": {event.ReasonNotUTF8, 1},
	}
	sources := s.ReadAll(topic)
	letters := s.ReadAll(event.DeadLetterTopic)
	if len(letters) != len(want)+1 {
		t.Errorf("%d dead letters, want %d", len(letters), len(want)+1)
	}
	for _, msg := range letters {
		key := string(msg.Key)
		i := slices.IndexFunc(sources, func(src *sarama.ConsumerMessage) bool { return string(src.Key) == key })
		if i < 0 {
			t.Errorf("a dead letter of a message that was not sent: %q", key)
			continue
		}
		if key == "large" {
			if string(msg.Value) != string(sources[i].Value) {
				t.Errorf("large: the letter is not the message as it came, %d bytes", len(msg.Value))
			}
			continue
		}
		checkLetter(t, msg, sources[i], want[key].reason, want[key].attempt, way)
	}
}

func checkLetter(t *testing.T, msg, source *sarama.ConsumerMessage, reason string, attempt int, way event.CorrelationID) {
	t.Helper()
	key := string(msg.Key)
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		t.Errorf("%s: %v: %q", key, err, msg.Value)
		return
	}
	d, err := envelope.DeadLetter()
	if err != nil {
		t.Errorf("%s: %v", key, err)
		return
	}
	if d.Reason != reason || d.Attempt != attempt || d.Service != "test" || d.Error == "" || d.At == "" {
		t.Errorf("%s: reason %q, attempt %d, service %q, error %q, at %q; want reason %q, attempt %d, service test", key, d.Reason, d.Attempt,
			d.Service, d.Error, d.At, reason, attempt)
	}
	if d.Topic != source.Topic || d.Partition != source.Partition || d.Offset != source.Offset || d.Key == nil || *d.Key != key {
		t.Errorf("%s: origin %s/%d/%d, want %s/%d/%d", key, d.Topic, d.Partition, d.Offset, source.Topic, source.Partition, source.Offset)
	}
	if original, err := d.Original(); err != nil || string(original) != string(source.Value) {
		t.Errorf("%s: original %q, %v, want %q", key, original, err, source.Value)
	}
	hops := envelope.CorrelationID.Hops()
	if len(hops) < 2 || hops[len(hops)-2].Title != "DeadLetter" || hops[len(hops)-1].Title != "_"+event.DeadLetterTopic {
		t.Errorf("%s: way %s, want one that ends with DeadLetter and the topic", key, envelope.CorrelationID)
	}
	if key == "wrong-type" && !strings.HasPrefix(string(envelope.CorrelationID), string(way)+"-") {
		t.Errorf("%s: way %s, want %s continued", key, envelope.CorrelationID, way)
	}
}
