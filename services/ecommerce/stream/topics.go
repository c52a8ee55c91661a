package stream

import (
	"strconv"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
)

// AllTopics are the system's topics as they are to be created, with prefix before their names: three
// partitions and three replicas each. A dead letter's headers come on top of the largest message.
func AllTopics(prefix string) []kafka.Topic {
	var topics []kafka.Topic
	for _, name := range event.EcommerceTopics {
		topic := kafka.Topic{Name: prefix + name, Partitions: 3, Replicas: 3}
		if name == event.DeadLetterTopic {
			topic.Config = map[string]string{"max.message.bytes": strconv.Itoa(kafka.DefaultMaxMessageBytes + kafka.DeadLetterRoom)}
		}
		topics = append(topics, topic)
	}
	return topics
}
