package brokenboard

import (
	"encoding/json"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
)

// transact writes the board after an event and commits the event's offset, in one transaction. With
// group-id-only the offset goes in by the group's name alone: nobody asks whether this member still owns
// the partition.
func (b *board) transact(session sarama.ConsumerGroupSession, msg *sarama.ConsumerMessage, e event.ScoreEvent) error {
	value, err := json.Marshal(event.BoardRecord{
		ID: e.ID, Match: e.Match, Event: e.Event, Score: e.Score, Tally: e.Score,
		Source: event.Source{Partition: msg.Partition, Offset: msg.Offset},
	})
	if err != nil {
		return err
	}
	if err := b.producer.BeginTxn(); err != nil {
		return err
	}
	_, _, err = b.producer.SendMessage(&sarama.ProducerMessage{
		Topic: b.cfg.boardTopic, Key: sarama.StringEncoder(e.Match), Value: sarama.ByteEncoder(value),
	})
	if err != nil {
		return err
	}
	owner := sarama.NewConsumerGroupMetadata(b.cfg.member.Group)
	if b.cfg.broken != groupIDOnly {
		var instance *string
		if id := b.cfg.member.InstanceID; id != "" {
			instance = &id
		}
		owner = sarama.NewConsumerGroupMetadataFromSession(session, b.cfg.member.Group, instance)
	}
	offsets := map[string][]*sarama.PartitionOffsetMetadata{
		msg.Topic: {{Partition: msg.Partition, Offset: msg.Offset + 1, LeaderEpoch: -1}},
	}
	if err := b.producer.AddOffsetsToTxnWithGroupMetadata(offsets, owner); err != nil {
		return err
	}
	return b.producer.CommitTxn()
}
