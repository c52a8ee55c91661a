package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// FitBatches sets Producer.MaxMessageBytes of client to the smallest max.message.bytes of topics, and to most
// where that is smaller, so that producers made from client afterwards send no batch that a topic refuses
// for its size. Call it while no producer of this client is at work; they all share its configuration. It
// reports whether the value has changed.
//
// A broker measures a whole batch against max.message.bytes, after compression. It refuses one that is
// larger with MESSAGE_TOO_LARGE, whatever the size of its records. Java's producer then splits the batch
// (KIP-126); sarama, and librdkafka too, fail every message in it. Sarama measures before compression and
// rounds up, so what it lets pass fits, except a single message that is too large by itself: that one is
// refused, by sarama or by the broker.
//
// A limit may change while a producer is at work. Where it is lowered, the topic refuses batches again;
// where it is raised, sarama goes on refusing what the old one did not allow. Senders of the shop and
// transactions then call this once more and repeat what was refused. The asynchronous producers do not, as
// sarama would have sent what comes after the refused batch before: they name what was refused.
//
// Where no broker tells the limit (it needs the permission DescribeConfigs on the topic), the value stays.
func FitBatches(ctx context.Context, client sarama.Client, most int, topics ...string) bool {
	limit, err := Interruptible(ctx, func() (int, error) { return batchLimit(client, topics) })
	conf := client.Config()
	if err != nil || min(limit, most) == conf.Producer.MaxMessageBytes {
		return false
	}
	conf.Producer.MaxMessageBytes = min(limit, most)
	return true
}

var errNoBatchLimit = errors.New("no broker tells max.message.bytes")

// batchLimit is the smallest max.message.bytes of topics. Any broker knows them.
func batchLimit(client sarama.Client, topics []string) (int, error) {
	req := &sarama.DescribeConfigsRequest{Version: 4}
	for _, topic := range topics {
		req.Resources = append(req.Resources, &sarama.ConfigResource{
			Type: sarama.TopicResource, Name: topic, ConfigNames: []string{"max.message.bytes"},
		})
	}
	if len(topics) == 0 {
		return 0, errNoBatchLimit
	}
	for _, b := range client.Brokers() {
		broker, err := client.Broker(b.ID()) // connected
		if err != nil {
			continue
		}
		resp, err := broker.DescribeConfigs(req)
		if err != nil {
			continue
		}
		smallest := 0
		for _, topic := range resp.Resources { // a topic that refuses to be described has no entry
			for _, entry := range topic.Configs {
				if n, err := strconv.Atoi(entry.Value); err == nil && n > 0 && (smallest == 0 || n < smallest) {
					smallest = n
				}
			}
		}
		if smallest > 0 {
			return smallest, nil
		}
	}
	return 0, errNoBatchLimit
}

// TooLarge reports whether a message was refused for its size, or that of its batch, by a broker or by
// sarama, whose own words for it name a setting that no user has.
func TooLarge(err error) bool {
	var config sarama.ConfigurationError
	return errors.Is(err, sarama.ErrMessageSizeTooLarge) ||
		errors.As(err, &config) && strings.Contains(string(config), "message larger than configured")
}

// fit makes room for another try where err says that a batch was too large: the next producer sends
// smaller ones. It gives the present one up; Abort makes the next.
//
// Sarama's limit is one for all topics, and for messages as for batches. Where it was lowered for one topic, and
// keeps out a message that another may take, such as a dead letter, the next producer has the limit of
// before and sends each message by itself: slowly, and in no batch that is too large.
func (t *Transactor) fit(ctx context.Context, err error, msgs ...*sarama.ProducerMessage) {
	switch {
	case t.conf.Producer.Flush.MaxMessages == 1: // no batch is smaller
		return
	case errors.Is(err, sarama.ErrMessageSizeTooLarge): // by a broker
	case TooLarge(err) && t.conf.Producer.MaxMessageBytes < t.largest:
		t.next(func(conf *sarama.Config) {
			conf.Producer.MaxMessageBytes, conf.Producer.Flush.MaxMessages = t.largest, 1
		})
		return
	default:
		return
	}
	topics := map[string]bool{}
	for _, msg := range msgs {
		topics[msg.Topic] = true
	}
	own := *t.conf
	own.Producer.Transaction.ID = "" // this client only asks
	client, err := Interruptible(ctx, func() (sarama.Client, error) {
		return t.cluster.client(&own, slices.Collect(maps.Keys(topics)))
	})
	if err != nil {
		return
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	if !FitBatches(ctx, client, t.largest, slices.Collect(maps.Keys(topics))...) {
		return
	}
	t.next(func(conf *sarama.Config) { conf.Producer.MaxMessageBytes = own.Producer.MaxMessageBytes })
}

// next gives the producer up, and changes the configuration of those to come.
func (t *Transactor) next(change func(*sarama.Config)) {
	conf := *t.conf
	change(&conf)
	t.conf = &conf
	wait.CloseWithin(wait.CloseTimeout, t.producer)
	t.producer = nil
}
