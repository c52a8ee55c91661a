package main

import (
	"encoding/json"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
)

// transact writes the board after an event and commits the event's offset, in one transaction. The
// offset goes in by the group's name alone: nobody asks whether this member still owns the partition.
func (b *board) transact(msg *sarama.ConsumerMessage, e event.ScoreEvent) error {
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
	if err := b.producer.AddMessageToTxn(msg, b.cfg.member.Group, nil); err != nil {
		return err
	}
	return b.producer.CommitTxn()
}
