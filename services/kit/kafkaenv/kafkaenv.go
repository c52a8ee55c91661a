// Package kafkaenv reads the settings of kit/kafka from a program's environment.
package kafkaenv

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// Cluster reads BOOTSTRAP_SERVERS, or else kafka_host_url (one host:port, the name that the guide to native Kafka
// gives it), or else what the file of KAFKA_CLIENT_CONFIG has; KAFKA_PROXY, KAFKA_CLIENT_ID and KAFKA_CLIENT_RACK; and how connections
// are protected. Where the first two are set and differ, kafka_host_url is ignored with a warning.
func Cluster(env *service.Env) kafka.Cluster {
	protection, fromFile := security(env)
	fallback := cmp.Or(fromFile, kafka.DefaultBrokers)
	if _, err := service.SplitHostPorts(fallback); err != nil {
		env.Fail("KAFKA_CLIENT_CONFIG", "bootstrap.servers: "+err.Error())
		fallback = kafka.DefaultBrokers
	}
	one := env.Text("kafka_host_url", "", "one host:port", "a broker; BOOTSTRAP_SERVERS wins over it")
	if one != "" {
		if list, err := service.SplitHostPorts(one); err != nil || len(list) != 1 {
			env.Fail("kafka_host_url", "not one host:port; several go into BOOTSTRAP_SERVERS, comma separated")
		} else {
			fallback = one
		}
	}
	brokers := env.HostPorts("BOOTSTRAP_SERVERS", fallback, "brokers to ask first; the others are learnt from them")
	if one != "" && one == fallback && strings.Join(brokers, ",") != one {
		env.Ignore("kafka_host_url", "BOOTSTRAP_SERVERS is set too, and wins over it")
	}
	proxyURL := env.Text("KAFKA_PROXY", "", "socks5://host:port", "proxy for every connection to a broker")
	if u, err := url.Parse(proxyURL); proxyURL != "" && (err != nil || u.Scheme != "socks5" || u.Port() == "") {
		env.Fail("KAFKA_PROXY", "not a proxy address; accepted: socks5://host:port")
	}
	id := env.Text("KAFKA_CLIENT_ID", "", "a name", "name of this client for the brokers, which may have a quota for it; none: the program's")
	rack := env.Text("KAFKA_CLIENT_RACK", "", "a broker.rack",
		"where this program is: it reads from a replica there, rather than from the leader")
	return kafka.Cluster{Brokers: brokers, Proxy: proxyURL, ClientID: id, Rack: rack, Security: protection}
}

var (
	acksByName = map[string]sarama.RequiredAcks{"all": sarama.WaitForAll, "1": sarama.WaitForLocal, "0": sarama.NoResponse}
	codecs     = map[string]sarama.CompressionCodec{
		"none": sarama.CompressionNone, "lz4": sarama.CompressionLZ4, "snappy": sarama.CompressionSnappy,
		"zstd": sarama.CompressionZSTD, "gzip": sarama.CompressionGZIP,
	}
)

// Publishing reads ACKS, IDEMPOTENT and COMPRESSION.
func Publishing(env *service.Env) kafka.Publishing {
	acks := env.OneOf("ACKS", "all", []string{"all", "1", "0"}, "how many replicas have the message when it counts as sent")
	p := kafka.Publishing{
		Acks:        acksByName[acks],
		Idempotent:  env.Bool("IDEMPOTENT", true, "the broker drops what a retry sends twice"),
		Compression: codecs[env.OneOf("COMPRESSION", "none", []string{"none", "lz4", "snappy", "zstd", "gzip"}, "codec of the batches")],
	}
	if p.Idempotent && p.Acks != sarama.WaitForAll {
		env.Fail("ACKS", fmt.Sprintf("an idempotent producer needs every in-sync replica; accepted: all, or %s with IDEMPOTENT=false", acks))
	}
	return p
}

// The values of PUBLISHER.
const (
	PublisherBatch  = "batch"  // kit/kafka/publish
	PublisherSarama = "sarama" // sarama's AsyncProducer
)

// Publisher reads PUBLISHER.
func Publisher(env *service.Env) string {
	return env.OneOf("PUBLISHER", PublisherBatch, []string{PublisherBatch, PublisherSarama},
		"who makes the batches: the workshop's kit/kafka/publish, or sarama's AsyncProducer")
}

// Membership reads CONSUMER_GROUP, GROUP_INSTANCE_ID, GROUP_STRATEGY, AUTO_OFFSET_RESET and ISOLATION.
func Membership(env *service.Env, group string) kafka.Membership {
	m := kafka.Membership{
		Group:      env.Text("CONSUMER_GROUP", group, "a name", "consumer group; its members share the partitions"),
		InstanceID: env.Text("GROUP_INSTANCE_ID", "", "a name", "static member: a restart takes its partitions back at once"),
		Strategy: env.OneOf("GROUP_STRATEGY", kafka.Strategies[0], kafka.Strategies,
			"how the members divide the partitions; the same in all members of a group"),
		Reset:     sarama.OffsetOldest,
		Isolation: sarama.ReadCommitted,
	}
	if env.OneOf("AUTO_OFFSET_RESET", "earliest", []string{"earliest", "latest"}, "where a group without an offset begins") == "latest" {
		m.Reset = sarama.OffsetNewest
	}
	isolation := env.OneOf("ISOLATION", "read_committed", []string{"read_committed", "read_uncommitted"}, "whether aborted messages are read")
	if isolation == "read_uncommitted" {
		m.Isolation = sarama.ReadUncommitted
	}
	return m
}

// Transactional reads TRANSACTIONAL_ID and TRANSACTION_TIMEOUT.
func Transactional(env *service.Env, id, help string) kafka.Transactional {
	t := kafka.Transactional{
		ID:      env.Text("TRANSACTIONAL_ID", id, "a name", help),
		Timeout: env.Duration("TRANSACTION_TIMEOUT", 10*time.Second, "after which an open transaction is aborted, from 1s to 15m"),
	}
	if t.Timeout < time.Second || t.Timeout > 15*time.Minute { // the broker's transaction.max.timeout.ms
		env.Fail("TRANSACTION_TIMEOUT", "accepted: a Go duration from 1s to 15m")
	}
	return t
}

const (
	noDeadLetters = "none" // the value of DEAD_LETTER_TOPIC that turns dead letters off
	maxTopicName  = 249
)

// DeadLetterTopic reads DEAD_LETTER_TOPIC; the default is source and ".dlq". It returns "" for "none".
func DeadLetterTopic(env *service.Env, source string) string {
	topic := env.Topic("DEAD_LETTER_TOPIC", source+".dlq", "where unreadable messages go; none: they stop the service", noDeadLetters)
	switch {
	case topic == noDeadLetters:
		return ""
	case topic == source:
		env.Fail("DEAD_LETTER_TOPIC", "is TOPIC: every dead letter would be read again, and become another; choose another topic, or none")
	case len(topic) > maxTopicName:
		env.Fail("TOPIC", fmt.Sprintf("with .dlq behind it the name is longer than %d characters; shorten it, or set DEAD_LETTER_TOPIC",
			maxTopicName))
	}
	return topic
}
