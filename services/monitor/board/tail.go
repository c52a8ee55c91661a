package board

import (
	"context"
	"errors"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// tail reads what comes to a topic, as read_committed shows it. It is in no group, so that it disturbs none and commits nothing.
type tail struct {
	topic string
	most  int64 // offsets of a partition that a read goes through at most: what is older is passed
	take  func(*sarama.ConsumerMessage)
	reset func() // what was taken is void, because the tail begins again

	next map[int32]int64 // by partition; nil before the first read
}

// tailTimeout is for one partition, which may have no leader at the moment. What was not read then comes with the next read.
const tailTimeout = time.Second

// read hands over what has come since the last read. A topic that does not exist is empty.
//
// Where it cannot go on from there, it begins again: the topic was made anew, retention has deleted what was to come, or nobody has
// asked for so long that it is too much. To read on behind a gap would make lost ids of it.
func (t *tail) read(ctx context.Context, client sarama.Client) error {
	partitions, err := client.Partitions(t.topic)
	if errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return nil
	}
	for _, p := range partitions {
		one := t.readPartition(ctx, client, p)
		if errors.Is(one, sarama.ErrOffsetOutOfRange) {
			t.begin()
			return nil
		}
		err = errors.Join(err, one)
	}
	return err
}

// begin makes the next read the first one.
func (t *tail) begin() {
	t.next = nil
	t.reset()
}

func (t *tail) readPartition(ctx context.Context, client sarama.Client, partition int32) error {
	end, err := kafka.StableOffset(client, t.topic, partition)
	if err != nil {
		client.RefreshMetadata(t.topic) // its leader may have moved; an error here shows in the next read
		return err
	}
	next, known := t.next[partition]
	switch {
	case !known:
		oldest, err := client.GetOffset(t.topic, partition, sarama.OffsetOldest)
		if err != nil {
			return err
		}
		next = max(oldest, end-t.most)
	case end == next:
		return nil
	case end-next > t.most:
		return sarama.ErrOffsetOutOfRange
	case end < next: // a new leader may not know its end yet; only that of a new topic is really before it
		_, err := kafka.NextOffset(client, t.topic, partition, sarama.ReadCommitted, next)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tailTimeout)
	defer cancel()
	next, err = kafka.ReadTo(ctx, client, t.topic, partition, next, end, sarama.ReadCommitted, func(m *sarama.ConsumerMessage) error {
		t.take(m)
		return nil
	})
	if t.next == nil {
		t.next = map[int32]int64{}
	}
	t.next[partition] = next
	return err
}
