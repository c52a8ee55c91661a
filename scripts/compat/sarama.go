// sarama for scripts/compat-clients, with probe.go.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/IBM/sarama"
)

func encoder(s *string) sarama.Encoder {
	if s == nil {
		return nil
	}
	return sarama.StringEncoder(*s)
}

func settings() *sarama.Config {
	config := sarama.NewConfig()
	config.Version = sarama.V3_9_0_0
	config.ClientID = "sarama"
	return config
}

func main() {
	brokers := os.Args[2:3]
	switch os.Args[1] {
	case "send":
		answer(func(j job) (result, error) { return send(brokers, j) })
	case "read":
		answer(func(j job) (result, error) { return read(brokers, j) })
	case "member":
		member(brokers)
	}
}

func send(brokers []string, j job) (r result, err error) {
	config := settings()
	config.Producer.Return.Successes = true
	if err := config.Producer.Compression.UnmarshalText([]byte(j.Codec)); err != nil {
		return r, err
	}
	if j.Transaction != "" {
		config.Producer.Transaction.ID, config.Producer.Idempotent, config.Net.MaxOpenRequests = j.Topic, true, 1
		config.Producer.RequiredAcks = sarama.WaitForAll
	}
	producer, err := sarama.NewSyncProducer(brokers, config)
	if err != nil {
		return r, err
	}
	defer producer.Close()
	if j.Transaction != "" {
		if err := producer.BeginTxn(); err != nil {
			return r, err
		}
	}
	var messages []*sarama.ProducerMessage
	for _, one := range j.Records {
		m := &sarama.ProducerMessage{Topic: j.Topic, Key: encoder(one.Key), Value: encoder(one.Value)}
		for _, h := range one.Headers {
			m.Headers = append(m.Headers, sarama.RecordHeader{Key: octets(h[0]), Value: octets(h[1])})
		}
		messages = append(messages, m)
	}
	if err := producer.SendMessages(messages); err != nil {
		return r, err.(sarama.ProducerErrors)[0].Err
	}
	for _, m := range messages {
		r.Partitions = append(r.Partitions, m.Partition)
	}
	switch j.Transaction {
	case "commit":
		err = producer.CommitTxn()
	case "abort":
		err = producer.AbortTxn()
	}
	return r, err
}

func read(brokers []string, j job) (r result, err error) {
	config := settings()
	config.Consumer.Return.Errors = true
	if j.Committed {
		config.Consumer.IsolationLevel = sarama.ReadCommitted
	}
	consumer, err := sarama.NewConsumer(brokers, config)
	if err != nil {
		return r, err
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(j.Topic, 0, sarama.OffsetOldest)
	if err != nil {
		return r, err
	}
	defer partition.AsyncClose()
	for timeout := time.After(8 * time.Second); ; {
		select {
		case m := <-partition.Messages():
			one := record{Key: text(m.Key), Value: text(m.Value), Headers: [][2]*string{}}
			for _, h := range m.Headers {
				one.Headers = append(one.Headers, [2]*string{text(h.Key), text(h.Value)})
			}
			r.Records = append(r.Records, one)
			if string(m.Value) == "end" {
				return r, nil
			}
		case err := <-partition.Errors():
			return r, err.Err
		case <-timeout:
			return r, nil
		}
	}
}

// marker marks each message that it is given.
type marker struct{}

func (marker) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (marker) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (marker) ConsumeClaim(s sarama.ConsumerGroupSession, c sarama.ConsumerGroupClaim) error {
	for m := range c.Messages() {
		s.MarkMessage(m, "")
	}
	return nil
}

func member(brokers []string) {
	config := settings()
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Offsets.AutoCommit.Interval = 500 * time.Millisecond
	switch os.Args[5] {
	case "range":
		config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategyRange()}
	case "roundrobin":
		config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategyRoundRobin()}
	case "sticky":
		config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategySticky()}
	case "cooperative-sticky":
		fmt.Fprintln(os.Stderr, "not offered")
		os.Exit(1)
	}
	group, err := sarama.NewConsumerGroup(brokers, os.Args[4], config)
	if err != nil {
		panic(err)
	}
	for {
		if err := group.Consume(context.Background(), os.Args[3:4], marker{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
