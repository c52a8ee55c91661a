package rig

import (
	"context"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
)

// Sender sends an experiment's own messages, one at a time.
type Sender struct {
	producer sarama.SyncProducer
	sending  sync.Mutex // until a message has its outcome: one that reaches sarama's producer after its close is a panic
}

// NewSender connects to the cluster. Close ends the connection.
func NewSender(ctx context.Context, cluster kafka.Cluster, conf *sarama.Config) (*Sender, error) {
	producer, err := kafka.Interruptible(ctx, func() (sarama.SyncProducer, error) { return sarama.NewSyncProducer(cluster.Brokers, conf) })
	if err != nil {
		return nil, err
	}
	return &Sender{producer: producer}, nil
}

// Send waits for the outcome; msg has its partition and offset then. When ctx ends first it returns ctx's error at once, and
// the message may still be sent.
func (s *Sender) Send(ctx context.Context, msg *sarama.ProducerMessage) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.sending.Lock()
	_, err := kafka.Interruptible(ctx, func() (struct{}, error) {
		defer s.sending.Unlock()
		_, _, err := s.producer.SendMessage(msg)
		return struct{}{}, err
	})
	return err
}

// Close returns after wait.CloseTimeout at the latest. A message without an outcome keeps the connection until it has one.
func (s *Sender) Close() { wait.CloseWithin(wait.CloseTimeout, closer{s}) }

type closer struct{ *Sender }

func (c closer) Close() error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.producer.Close()
}
