// Package stream is what the services of the e-commerce system share: members of a consumer group that
// hand over one message after the other, messages sent on with the way they have come, and dead letters
// that people can read.
package stream

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

// maxWorkers keeps a typing mistake from opening thousands of connections.
const maxWorkers = 100

// Unhurried is Consumer.Fetch.Min, in bytes, for who shows messages to people: a broker keeps an answer back until it has as much,
// or for Consumer.MaxWaitTime, a tenth of a second. Under load it answers once for what would have been five answers.
const Unhurried = 64 << 10

// Settings are what a service's environment says about its topics.
type Settings struct {
	Cluster kafka.Cluster
	Member  kafka.Membership
	Workers int
	Trace   *trace.Tracer // nil: no traces
	prefix  string
}

// SettingsFromEnv reads the environment of a service that consumes: the brokers, the group, and WORKERS,
// how many members of the group run in this process. More of them than the topic has partitions have
// nothing to do.
func SettingsFromEnv(env *service.Env, group string, workers uint64) Settings {
	s := SendingFromEnv(env)
	s.Member = kafkaenv.Membership(env, group)
	n := env.Number("WORKERS", workers, "members of the group in this process, 1 to 100")
	if n < 1 || n > maxWorkers {
		env.Fail("WORKERS", fmt.Sprintf("accepted: 1 to %d", maxWorkers))
	}
	s.Workers = int(n)
	return s
}

// SendingFromEnv is for a program that only sends.
func SendingFromEnv(env *service.Env) Settings {
	s := Settings{Cluster: kafkaenv.Cluster(env), Trace: trace.FromEnv(env)}
	s.prefix = env.Text("TOPIC_PREFIX", "", "the beginning of a topic's name",
		"put before every topic's name, for a second system on the same brokers")
	if s.prefix != "" && !service.LegalTopic(s.prefix) {
		env.Fail("TOPIC_PREFIX", "accepted: letters, digits, '.', '_' and '-'")
	}
	return s
}

// Topic is the name that a topic of the contract has on the brokers.
func (s Settings) Topic(name string) string { return s.prefix + name }

// Topics are the names of several.
func (s Settings) Topics(names ...string) []string {
	topics := make([]string, len(names))
	for i, name := range names {
		topics[i] = s.Topic(name)
	}
	return topics
}

// Config is the configuration of the service's clients, whose requests are among its metrics.
func (s Settings) Config(p *service.Process) *sarama.Config {
	conf := s.Cluster.Config(p.Name)
	conf.MetricRegistry = kafka.Meters(p.Ops.Registry)
	return conf
}

// Dial waits for the brokers and the topics, and says on the screen that it does.
func (s Settings) Dial(ctx context.Context, conf *sarama.Config, p *service.Process, topics ...string) (sarama.Client, error) {
	return s.Cluster.Dial(ctx, conf, s.Topics(topics...), lines.Hooks(p).Waiting)
}

// Message is a message to a topic of the contract: the payload in its envelope, behind the way it has
// come so far.
func (s Settings) Message(topic, key string, way event.CorrelationID, payload any) (*sarama.ProducerMessage, error) {
	value, err := event.EncodeEnvelope(payload, way.SentTo(topic))
	if err != nil {
		return nil, fmt.Errorf("message to %s: %w", topic, err)
	}
	return &sarama.ProducerMessage{Topic: s.Topic(topic), Key: sarama.StringEncoder(key), Value: sarama.ByteEncoder(value)}, nil
}
