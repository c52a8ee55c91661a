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
