package stream

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// A sender delivers all whatever the topic's limit is: one that it knows from its start, with the order
// kept, and one that is lowered later, for several at once and for many callers.
func TestSenderFitsTheTopic(t *testing.T) {
	t.Parallel()
	const count = 1000
	message := func(n int) *sarama.ProducerMessage {
		return &sarama.ProducerMessage{Topic: event.NewOrderTopic, Value: sarama.StringEncoder(fmt.Sprintf("%06d%s", n, strings.Repeat("x", 94)))}
	}
	for _, lowered := range []bool{false, true} {
		c := kafkatest.Start(t, event.NewOrderTopic+":1")
		if !lowered {
			c.LimitMessages(event.NewOrderTopic, 16384)
		}
		r := kafkatest.StartRun(t, nil, func(*service.Env) kafka.Cluster { return c.Kafka() }, func(ctx context.Context, cluster kafka.Cluster,
			p *service.Process) error {
			s, err := Settings{Cluster: cluster}.NewSender(ctx, p, event.NewOrderTopic)
			if err != nil {
				return err
			}
			defer s.Close()
			used := s.producer
			if lowered {
				c.LimitMessages(event.NewOrderTopic, 16384)
			}
			var msgs []*sarama.ProducerMessage
			for n := range count {
				msgs = append(msgs, message(n))
			}
			for _, err := range s.PublishAll(ctx, msgs) {
				if err != nil {
					return err
				}
			}
			if lowered == (s.producer == used) {
				t.Errorf("lowered %t: the producer is another one: %t", lowered, s.producer != used)
			}
			if lowered {
				c.LimitMessages(event.NewOrderTopic, 2048)
			}
			var sending sync.WaitGroup
			for n := range count {
				sending.Go(func() {
					if err := s.Publish(ctx, message(count+n)); err != nil {
						t.Error(err)
					}
				})
			}
			sending.Wait()
			if err := s.Publish(ctx, &sarama.ProducerMessage{
				Topic: event.NewOrderTopic,
				Value: sarama.ByteEncoder(make([]byte, 17000)),
			}); err == nil || !kafka.Refused(err) {
				t.Errorf("a message that is too large by itself: %v, want a refusal", err)
			}
			c.LimitMessages(event.NewOrderTopic, 32768)
			large := "999999" + strings.Repeat("x", 17000)
			if err := s.Publish(ctx, &sarama.ProducerMessage{Topic: event.NewOrderTopic, Value: sarama.StringEncoder(large)}); err != nil {
				t.Errorf("the same after the limit was raised: %v", err)
			}
			return nil
		})
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		last := ""
		for _, msg := range c.ReadAll(event.NewOrderTopic) {
			value := string(msg.Value[:6])
			seen[value]++
			if !lowered && value < fmt.Sprintf("%06d", count) {
				if value <= last {
					t.Errorf("%s comes after %s", value, last)
				}
				last = value
			}
		}
		for n := range 2 * count {
			if got := seen[fmt.Sprintf("%06d", n)]; got != 1 {
				t.Fatalf("lowered %t: message %d is there %d times", lowered, n, got)
			}
		}
	}
}

// The limit of one topic keeps nothing out of another, for a message alone and among several.
func TestSenderFitsEachTopic(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, event.NewOrderTopic+":1", event.SendEmailTopic+":1")
	c.LimitMessages(event.SendEmailTopic, 2048)
	message := func(topic string, size int) *sarama.ProducerMessage {
		return &sarama.ProducerMessage{Topic: topic, Value: sarama.ByteEncoder(make([]byte, size))}
	}
	r := kafkatest.StartRun(t, nil, func(*service.Env) kafka.Cluster { return c.Kafka() }, func(ctx context.Context, cluster kafka.Cluster,
		p *service.Process) error {
		s, err := Settings{Cluster: cluster}.NewSender(ctx, p, event.NewOrderTopic, event.SendEmailTopic)
		if err != nil {
			return err
		}
		defer s.Close()
		for range 2 { // after the first, the limit is the other topic's
			if err := s.Publish(ctx, message(event.NewOrderTopic, 17000)); err != nil {
				t.Errorf("a message for the topic without a low limit: %v", err)
			}
			if err := s.Publish(ctx, message(event.SendEmailTopic, 17000)); !kafka.TooLarge(err) {
				t.Errorf("a message for the topic with a low limit: %v, want a refusal", err)
			}
		}
		for i, err := range s.PublishAll(ctx, []*sarama.ProducerMessage{
			message(event.SendEmailTopic, 100),
			message(event.NewOrderTopic, 17000),
		}) {
			if err != nil {
				t.Errorf("message %d of two: %v", i, err)
			}
		}
		return nil
	})
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	if orders, emails := len(c.ReadAll(event.NewOrderTopic)), len(c.ReadAll(event.SendEmailTopic)); orders != 3 || emails != 1 {
		t.Errorf("%d and %d messages, want 3 and 1", orders, emails)
	}
}
