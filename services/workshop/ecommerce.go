package main

import (
	"fmt"
	"strconv"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// ecommerceTopics are the topics of the e-commerce system, with the user's TOPIC_PREFIX. All of them have
// as many partitions: a topic has the keys of another in the same partition, and as many workers.
func (t *tool) ecommerceTopics() ([]kafka.Topic, error) {
	prefix, _ := t.lookup("TOPIC_PREFIX")
	if prefix != "" && !service.LegalTopic(prefix) {
		return nil, service.UsageError(fmt.Sprintf("TOPIC_PREFIX %q: accepted: letters, digits, '.', '_' and '-'", prefix))
	}
	var topics []kafka.Topic
	for _, name := range event.EcommerceTopics {
		topic := kafka.Topic{Name: prefix + name, Partitions: 3, Replicas: 3}
		if name == event.DeadLetterTopic {
			topic.Config = map[string]string{"max.message.bytes": strconv.Itoa(kafka.ReadableLetterBytes)}
		}
		topics = append(topics, topic)
	}
	return topics, nil
}
