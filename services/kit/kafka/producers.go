package kafka

import (
	"fmt"

	"github.com/IBM/sarama"
)

// Producers returns the ids of the producers whose batches a partition holds, aborted ones included, and whether one of the batches is
// outside of a transaction. A transactional id keeps its producer's id, in whatever life.
func Producers(client sarama.Client, topic string, partition int32) (ids map[int64]bool, plain bool, err error) {
	l := &logReader{client: client, topic: topic, partition: partition, isolation: sarama.ReadUncommitted, next: sarama.OffsetOldest}
	end, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
	if err != nil {
		return nil, false, err
	}
	ids = map[int64]bool{}
	for {
		block, err := l.fetchBlock()
		if err != nil {
			return nil, false, fmt.Errorf("read the batches of %s/%d: %w", topic, partition, err)
		}
		for _, set := range block.RecordsSet {
			if b := set.RecordBatch; b != nil && !b.Control {
				ids[b.ProducerID] = true
				plain = plain || !b.IsTransactional
			}
		}
		before := l.next
		if l.messages(block); l.next >= end || l.next == before {
			return ids, plain, nil
		}
	}
}
