package rig

import (
	"context"
	"errors"
	"testing"

	"github.com/IBM/sarama"
)

// slow takes a message only after a while, as a new producer does.
type slow struct {
	sarama.SyncProducer
	began, take chan struct{}
	closed      chan struct{}
}

func (s slow) SendMessage(*sarama.ProducerMessage) (int32, int64, error) {
	close(s.began)
	<-s.take
	select {
	case <-s.closed:
		panic("send on closed channel") // as sarama
	default:
	}
	return 0, 0, nil
}

func (s slow) Close() error {
	close(s.closed)
	return nil
}

// A stop may come while a message is on its way to sarama's producer.
func TestSenderClosesAfterItsMessage(t *testing.T) {
	p := slow{began: make(chan struct{}), take: make(chan struct{}), closed: make(chan struct{})}
	s := &Sender{producer: p}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-p.began
		cancel()
	}()
	if err := s.Send(ctx, &sarama.ProducerMessage{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Send returns %v", err)
	}
	s.Close()
	select {
	case <-p.closed:
		t.Error("closed while a message is on its way")
	default:
	}
	close(p.take)
	<-p.closed
}
