package message

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/offset"
)

// follow prints the messages of all partitions as they come. It reads partitions that are added from their oldest message.
func (c *consume) follow(ctx context.Context, client sarama.Client, spans map[offset.Place]offset.Span) error {
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	note, quiet := c.notes()
	defer quiet()
	messages := make(chan *sarama.ConsumerMessage, 256)
	begin := func(number int32, from int64) error {
		partition, err := kafka.Interruptible(ctx, func() (sarama.PartitionConsumer, error) {
			return consumer.ConsumePartition(c.topic, number, from)
		})
		if err != nil {
			return fmt.Errorf("partition %d: %w", number, err)
		}
		go forward(ctx, partition, messages)
		go watch(partition, stop, note)
		return nil
	}
	for p, span := range spans {
		if err := begin(p.Partition, span.From); ctx.Err() != nil {
			return context.Cause(ctx) // another partition has stopped it
		} else if err != nil {
			return err
		}
	}
	if !c.partitionSet {
		go kafka.WatchPartitions(ctx, client, c.topic, len(spans), func(number int32) {
			// Its leader may not know it yet, and that passes.
			for err := begin(number, sarama.OffsetOldest); err != nil; err = begin(number, sarama.OffsetOldest) {
				if ctx.Err() == nil {
					note("%v; trying again", err)
				}
				if wait.Sleep(ctx, 500*time.Millisecond) != nil {
					return
				}
			}
		})
	}
	return c.printAll(ctx, messages)
}

// printAll prints messages until ctx ends, the limit is reached, or none has come for --timeout.
func (c *consume) printAll(ctx context.Context, messages <-chan *sarama.ConsumerMessage) error {
	idle := time.NewTimer(cmp.Or(c.idle, math.MaxInt64))
	for {
		var msg *sarama.ConsumerMessage
		select {
		case msg = <-messages:
		default: // nothing more at once: let it be seen
			if err := c.out.flush(); err != nil {
				return err
			}
			select {
			case msg = <-messages:
			case <-idle.C:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := c.out.print(msg); err != nil {
			return err
		}
		idle.Reset(cmp.Or(c.idle, math.MaxInt64))
	}
}

func forward(ctx context.Context, partition sarama.PartitionConsumer, messages chan<- *sarama.ConsumerMessage) {
	for msg := range partition.Messages() {
		select {
		case messages <- msg:
		case <-ctx.Done():
			return
		}
	}
}

// notes returns Note for several goroutines. After quiet it does nothing.
func (c *consume) notes() (note func(format string, args ...any), quiet func()) {
	var mu sync.Mutex
	ended := false
	note = func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			c.Note(format, args...)
		}
	}
	return note, func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
	}
}

// watch notes the errors of a partition. Sarama tries again after each, which helps neither where the offset is
// gone nor where a right is missing: these stop the command.
func watch(partition sarama.PartitionConsumer, stop context.CancelCauseFunc, note func(string, ...any)) {
	last := ""
	for err := range partition.Errors() {
		if errors.Is(err.Err, sarama.ErrOffsetOutOfRange) {
			stop(fmt.Errorf("partition %d: the messages at the reader's offset were deleted meanwhile (retention): "+
				"begin again with --from-beginning", err.Partition))
			return
		}
		if errors.Is(err.Err, sarama.ErrTopicAuthorizationFailed) {
			stop(err.Err)
			return
		}
		if text := err.Err.Error(); text != last {
			last = text
			note("partition %d: %v; trying again", err.Partition, err.Err)
		}
	}
}

// toTheEnd prints the spans, partition by partition.
func (c *consume) toTheEnd(ctx context.Context, client sarama.Client, spans map[offset.Place]offset.Span) error {
	for _, p := range offset.SortedPlaces(spans) {
		if err := offset.Read(ctx, client, p, spans[p], c.isolationLevel, c.out.print); err != nil {
			return err
		}
	}
	return nil
}
