package rig

import (
	"context"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/verdict"
)

// Read reads a partition: [kafka.ReadToEnd], or [kafka.ReadShown].
type Read func(
	ctx context.Context, client sarama.Client, topic string, partition int32, from int64, isolation sarama.IsolationLevel,
	take func(*sarama.ConsumerMessage) error,
) (next int64, err error)

// Transactions reads the transactions in a topic, partition by partition. A record's stream is its key, its number the
// id_sequencia.
func (b *Bench) Transactions(ctx context.Context, topic string, partitions int32, read Read) ([]verdict.Record, error) {
	log := []verdict.Record{}
	for p := range partitions {
		records, err := b.TransactionsOf(ctx, topic, p, read)
		if err != nil {
			return nil, err
		}
		log = append(log, records...)
	}
	return log, nil
}

// TransactionsOf is Transactions of one partition.
func (b *Bench) TransactionsOf(ctx context.Context, topic string, partition int32, read Read) (log []verdict.Record, err error) {
	_, err = read(ctx, b.Client, topic, partition, sarama.OffsetOldest, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		tx, err := event.DecodeTransaction(msg.Value)
		log = append(log, verdict.Record{
			Message:   verdict.Message{Stream: string(msg.Key), Number: int(tx.IDSequencia)},
			Partition: partition, Offset: msg.Offset,
		})
		return err
	})
	return log, err
}
