package kafkatest

import (
	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// Transact sends each value to partition 0 of a topic, in a transaction of its own; one that begins with
// - is aborted, and one that begins with ? is left open, and is the last. A time-out of 0 is sarama's.
func (c *Cluster) Transact(topic string, by kafka.Transactional, values ...string) {
	c.t.Helper()
	conf := c.Kafka().Config("kafkatest")
	conf.Producer.Transaction.ID = by.ID
	if by.Timeout > 0 {
		conf.Producer.Transaction.Timeout = by.Timeout
	}
	conf.Producer.Partitioner = sarama.NewManualPartitioner
	producer, err := sarama.NewSyncProducer(c.ListenAddrs(), conf)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { producer.Close() })
	for _, v := range values {
		err := producer.BeginTxn()
		if err == nil {
			_, _, err = producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(v)})
		}
		switch {
		case err != nil:
		case v[0] == '?':
			return
		case v[0] == '-':
			err = producer.AbortTxn()
		default:
			err = producer.CommitTxn()
		}
		if err != nil {
			c.t.Fatalf("transaction of %q: %v", v, err)
		}
	}
}

// Begin begins a transaction with a message, and returns the way to end it. The id is the producer's.
func (c *Cluster) Begin(topic, id, value string) (end func(commit bool)) {
	c.t.Helper()
	conf := c.Kafka().Config("kafkatest")
	conf.Producer.Transaction.ID = id
	producer, err := sarama.NewSyncProducer(c.ListenAddrs(), conf)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { producer.Close() })
	if err := producer.BeginTxn(); err != nil {
		c.t.Fatal(err)
	}
	if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value)}); err != nil {
		c.t.Fatal(err)
	}
	return func(commit bool) {
		c.t.Helper()
		finish := producer.AbortTxn
		if commit {
			finish = producer.CommitTxn
		}
		if err := finish(); err != nil {
			c.t.Fatal(err)
		}
	}
}
