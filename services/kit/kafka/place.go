package kafka

import (
	"github.com/IBM/sarama"

	"workshop.example/kit/history"
)

// Place is how a history names a message: by its topic, partition and offset.
func Place(msg *sarama.ConsumerMessage) history.Subject {
	return history.Subject{Topic: msg.Topic, Partition: msg.Partition, Offset: msg.Offset}
}
