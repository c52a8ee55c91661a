// Package kafkatest gives a test a Kafka cluster of its own and short ways to look into it.
package kafkatest

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/embedded"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
)

// Deadline is how long Eventually waits: generous, because CI machines stall, and free where the
// state holds at once.
const Deadline = time.Minute

// Cluster is an embedded cluster that ends with its test.
type Cluster struct {
	*embedded.Cluster
	t testing.TB
}

// Start starts three embedded brokers with these topics, each given as NAME:PARTITIONS.
func Start(t testing.TB, topics ...string) *Cluster {
	t.Helper()
	cluster, err := embedded.Start(embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := &Cluster{Cluster: cluster, t: t}
	for _, topic := range topics {
		c.CreateTopic(topic)
	}
	return c
}

// StartOn starts one broker on a port, for a test that has to know it before the broker is there.
func StartOn(t testing.TB, port int) *Cluster {
	t.Helper()
	cluster, err := embedded.Start(embedded.Options{Ports: []int{port}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return &Cluster{Cluster: cluster, t: t}
}

// History returns the entries of the history at path.
func History(t testing.TB, path string) []history.Entry {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := history.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// given are the ports that FreePorts has returned.
var given struct {
	sync.Mutex
	ports []int
}

// FreePort is a port of 127.0.0.1 that nobody listens on now. See [FreePorts].
func FreePort(t testing.TB) int {
	t.Helper()
	return FreePorts(t, 1)[0]
}

// FreePorts are n neighbouring ports of 127.0.0.1 that nobody listens on now. They lie below the ephemeral range, from which any other
// test may be given a port at any moment. None is given twice: what one test has not opened yet looks free to another.
func FreePorts(t testing.TB, n int) []int {
	t.Helper()
	given.Lock()
	defer given.Unlock()
	ports := make([]int, n)
	for range 100 {
		base := 10000 + rand.IntN(20000-n)
		for i := range ports {
			ports[i] = base + i
		}
		taken := func(p int) bool { return slices.Contains(given.ports, p) || embedded.PortTaken(p) }
		if !slices.ContainsFunc(ports, taken) {
			given.ports = append(given.ports, ports...)
			return ports
		}
	}
	t.Fatal("no free ports")
	return nil
}

// CreateTopic creates a topic given as NAME:PARTITIONS.
func (c *Cluster) CreateTopic(spec string) {
	c.t.Helper()
	name, partitions := cut(c.t, spec)
	if err := c.Cluster.CreateTopic(name, partitions, nil); err != nil {
		c.t.Fatal(err)
	}
}

// AddPartitions grows a topic to so many partitions.
func (c *Cluster) AddPartitions(topic string, total int32) {
	c.t.Helper()
	c.administer(func(admin sarama.ClusterAdmin) error { return admin.CreatePartitions(topic, total, nil, false) })
}

// LimitMessages sets a topic's max.message.bytes.
func (c *Cluster) LimitMessages(topic string, bytes int) {
	c.t.Helper()
	value := strconv.Itoa(bytes)
	c.administer(func(admin sarama.ClusterAdmin) error {
		return admin.AlterConfig(sarama.TopicResource, topic, map[string]*string{"max.message.bytes": &value}, false)
	})
}

func (c *Cluster) administer(change func(sarama.ClusterAdmin) error) {
	c.t.Helper()
	admin, err := sarama.NewClusterAdmin(c.ListenAddrs(), c.Kafka().AdminConfig("kafkatest"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer admin.Close()
	if err := change(admin); err != nil {
		c.t.Fatal(err)
	}
}

func cut(t testing.TB, spec string) (string, int32) {
	t.Helper()
	for i := len(spec) - 1; i > 0; i-- {
		if spec[i] == ':' {
			n, err := strconv.Atoi(spec[i+1:])
			if err != nil {
				break
			}
			return spec[:i], int32(n)
		}
	}
	t.Fatalf("topic %q is not NAME:PARTITIONS", spec)
	return "", 0
}

// Kafka is the cluster as services see it.
func (c *Cluster) Kafka() kafka.Cluster { return kafka.Cluster{Brokers: c.ListenAddrs()} }

// Producer is a producer for the test's own messages; the key decides the partition.
func (c *Cluster) Producer() sarama.SyncProducer {
	c.t.Helper()
	conf := c.Kafka().Config("kafkatest")
	conf.Producer.MaxMessageBytes = kafka.DefaultMaxMessageBytes
	// Sarama's Close waits for a refresh under way, which takes a minute where the test's cluster is gone.
	conf.Metadata.RefreshFrequency = 0
	producer, err := sarama.NewSyncProducer(c.ListenAddrs(), conf)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { producer.Close() })
	return producer
}

// ProduceValues sends values without a key, in order: on one partition they are read so.
func (c *Cluster) ProduceValues(topic string, values ...string) {
	c.t.Helper()
	producer := c.Producer()
	for _, v := range values {
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(v)}); err != nil {
			c.t.Fatalf("produce to %s: %v", topic, err)
		}
	}
}

// SendTo sends values to one partition, whatever the partitioner of programs would choose.
func (c *Cluster) SendTo(topic string, partition int32, values ...string) {
	c.t.Helper()
	conf := c.Kafka().Config("kafkatest")
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	producer, err := sarama.NewSyncProducer(c.ListenAddrs(), conf)
	if err != nil {
		c.t.Fatal(err)
	}
	defer producer.Close()
	for _, value := range values {
		msg := &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: sarama.StringEncoder(value)}
		if _, _, err := producer.SendMessage(msg); err != nil {
			c.t.Fatal(err)
		}
	}
}

// ReadAll returns what is in the topic now as read_committed shows it, partition by partition.
func (c *Cluster) ReadAll(topic string) []*sarama.ConsumerMessage {
	c.t.Helper()
	return c.readAll(topic, sarama.ReadCommitted)
}

// ReadUncommitted is ReadAll with the messages of aborted and of open transactions.
func (c *Cluster) ReadUncommitted(topic string) []*sarama.ConsumerMessage {
	c.t.Helper()
	return c.readAll(topic, sarama.ReadUncommitted)
}

func (c *Cluster) readAll(topic string, isolation sarama.IsolationLevel) []*sarama.ConsumerMessage {
	c.t.Helper()
	msgs, err := ReadAllAs(c.Kafka(), topic, isolation)
	if err != nil {
		c.t.Fatal(err)
	}
	return msgs
}

// Committed is the group's offset, -1 where it has none.
func (c *Cluster) Committed(group, topic string, partition int32) int64 {
	info := c.GroupInfo(group)
	if info == nil {
		return -1
	}
	if commit, ok := info.Commits[topic][partition]; ok {
		return commit.Offset
	}
	return -1
}

// ReadAll returns the messages of a topic as read_committed shows them, partition by partition, up to
// the end that each partition has at the call. It waits until the transactions before that end are
// decided.
func ReadAll(cluster kafka.Cluster, topic string) ([]*sarama.ConsumerMessage, error) {
	return ReadAllAs(cluster, topic, sarama.ReadCommitted)
}

// ReadAllAs is ReadAll at either isolation level.
func ReadAllAs(cluster kafka.Cluster, topic string, isolation sarama.IsolationLevel) ([]*sarama.ConsumerMessage, error) {
	client, err := sarama.NewClient(cluster.Brokers, cluster.Config("kafkatest"))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	partitions, err := client.Partitions(topic)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Deadline)
	defer cancel()
	var all []*sarama.ConsumerMessage
	for _, p := range partitions {
		_, err := kafka.ReadToEnd(ctx, client, topic, p, sarama.OffsetOldest, isolation, func(msg *sarama.ConsumerMessage) error {
			all = append(all, msg)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Eventually waits until state returns true, and fails the test with its last description when that
// takes longer than Deadline.
func Eventually(t testing.TB, what string, state func() bool) {
	t.Helper()
	EventuallyWithin(t, Deadline, what, state)
}

// EventuallyWithin is Eventually with a deadline of its own, for what takes long by its nature.
func EventuallyWithin(t testing.TB, deadline time.Duration, what string, state func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); ; time.Sleep(5 * time.Millisecond) {
		if state() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %s still not: %s", deadline, what)
		}
	}
}

// RefuseProduce answers every Produce to a topic with an error that clients do not retry, until the
// fault is removed. Its Hits count the refusals.
func (c *Cluster) RefuseProduce(topic string) *kfake.FaultHandle {
	return c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: topic, Err: kerr.TopicAuthorizationFailed, Count: -1})
}
