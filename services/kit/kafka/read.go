package kafka

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/wait"
)

// ReadToEnd hands take the messages of a partition from an offset on (or sarama.OffsetOldest), up to
// the end that the log has at the call, and returns the position behind it, from which the next call
// can go on.
//
// Sarama's consumer cannot tell when it has reached the end of a topic with transactions: their
// markers take offsets, so the last offset may hold no message, and of aborted messages nothing is
// seen. The position in the log moves over both. Nor is the high-water mark of a fetch the end: that of a
// new leader is behind for a moment, and what was acknowledged, and perhaps read already, lies beyond it.
// ListOffsets gives no end until the leader knows it (KIP-207).
//
// With ReadCommitted it waits for the transactions that are open before that end: they are decided
// by their producer, or else when they time out. It tries again while leaders move, until ctx ends,
// but not where the log has nothing at that offset any more (sarama.ErrOffsetOutOfRange).
func ReadToEnd(
	ctx context.Context, client sarama.Client, topic string, partition int32, from int64, isolation sarama.IsolationLevel,
	take func(*sarama.ConsumerMessage) error,
) (next int64, err error) {
	return ReadTo(ctx, client, topic, partition, from, theEnd, isolation, take)
}

// ReadShown is ReadToEnd up to the high-water mark of the first fetch: what any reader is shown at that moment. It does not wait for
// the end of the log, which a leader whose in-sync replicas are fewer than min.insync.replicas may not know (KAFKA-15583).
func ReadShown(
	ctx context.Context, client sarama.Client, topic string, partition int32, from int64, isolation sarama.IsolationLevel,
	take func(*sarama.ConsumerMessage) error,
) (next int64, err error) {
	return ReadTo(ctx, client, topic, partition, from, theMark, isolation, take)
}

// Ends that ReadTo finds out by itself.
const (
	theEnd  = -1 // what the log has when it is first asked for its end
	theMark = -2 // the high-water mark of the first fetch
)

// ReadTo is ReadToEnd up to an offset. It may hand over what was fetched from beyond it. An offset that
// no transaction holds back (the last stable one, which ListOffsets gives at read_committed) is reached
// without a wait.
func ReadTo(
	ctx context.Context, client sarama.Client, topic string, partition int32, from, end int64, isolation sarama.IsolationLevel,
	take func(*sarama.ConsumerMessage) error,
) (next int64, err error) {
	l := &logReader{client: client, topic: topic, partition: partition, isolation: isolation, next: from}
	for {
		msgs, highWater, err := l.fetch()
		for _, msg := range msgs {
			if err := take(msg); err != nil {
				return l.next, err
			}
		}
		switch {
		case err != nil:
		case end == theMark:
			end = highWater
		case end == theEnd:
			if newest, asked := client.GetOffset(topic, partition, sarama.OffsetNewest); asked == nil {
				end = newest
			} else {
				err = asked
			}
		}
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, sarama.ErrOffsetOutOfRange) {
				return l.next, fmt.Errorf("read %s/%d from %d: %w", topic, partition, l.next, err)
			}
			client.RefreshMetadata(topic) // an error here shows in the next try
			wait.Sleep(ctx, 100*time.Millisecond)
			continue
		}
		if l.next >= end {
			return l.next, nil
		}
		if ctx.Err() != nil {
			return l.next, fmt.Errorf("read %s/%d: %w", topic, partition, ctx.Err())
		}
	}
}

// NextOffset returns the offset of the first message of a partition from an offset on, as the isolation level shows them. Where
// there is none yet, it is the offset behind the markers and aborted messages that follow.
func NextOffset(client sarama.Client, topic string, partition int32, isolation sarama.IsolationLevel, from int64) (int64, error) {
	l := &logReader{client: client, topic: topic, partition: partition, isolation: isolation, next: from}
	msgs, _, err := l.fetch()
	if len(msgs) > 0 {
		return msgs[0].Offset, err
	}
	return l.next, err
}

// StableOffset returns the last stable offset of a partition: the end of what read_committed may be shown now, where no transaction
// that is still open holds it back.
func StableOffset(client sarama.Client, topic string, partition int32) (int64, error) {
	leader, err := client.Leader(topic, partition)
	if err != nil {
		return 0, err
	}
	req := sarama.NewOffsetRequest(client.Config().Version)
	req.IsolationLevel = sarama.ReadCommitted
	req.AddBlock(topic, partition, sarama.OffsetNewest, 1)
	resp, err := leader.GetAvailableOffsets(req)
	if err != nil {
		leader.Close() // or the next try would use the same broken connection
		return 0, err
	}
	block := resp.GetBlock(topic, partition)
	if block == nil {
		return 0, errors.New("the leader's answer leaves the partition out")
	}
	if block.Err != sarama.ErrNoError {
		return 0, block.Err
	}
	return block.Offset, nil
}

// logReader reads a partition fetch by fetch.
type logReader struct {
	client    sarama.Client
	topic     string
	partition int32
	isolation sarama.IsolationLevel
	next      int64
}

// fetch reads from the position on and moves it behind what was read.
func (l *logReader) fetch() (msgs []*sarama.ConsumerMessage, highWater int64, err error) {
	block, err := l.fetchBlock()
	if err != nil {
		return nil, 0, err
	}
	return l.messages(block), block.HighWaterMarkOffset, nil
}

// fetchBlock reads from the position on, and leaves it there.
func (l *logReader) fetchBlock() (block *sarama.FetchResponseBlock, err error) {
	if l.next < 0 {
		if l.next, err = l.oldest(); err != nil {
			return nil, err
		}
	}
	leader, err := l.client.Leader(l.topic, l.partition)
	if err != nil {
		return nil, err
	}
	req := &sarama.FetchRequest{
		Version: 11, MinBytes: 1, MaxBytes: sarama.MaxResponseSize, MaxWaitTime: 50, Isolation: l.isolation, SessionEpoch: -1,
	}
	req.AddBlock(l.topic, l.partition, l.next, 4<<20, -1)
	resp, err := leader.Fetch(req)
	if err != nil {
		leader.Close() // or the next try would use the same broken connection
		return nil, err
	}
	block = resp.GetBlock(l.topic, l.partition)
	if block == nil {
		return nil, errors.New("the leader's answer leaves the partition out")
	}
	if block.Err != sarama.ErrNoError {
		return nil, block.Err
	}
	return block, nil
}

func (l *logReader) oldest() (int64, error) {
	oldest, err := l.client.GetOffset(l.topic, l.partition, sarama.OffsetOldest)
	if err != nil {
		return sarama.OffsetOldest, err
	}
	return oldest, nil
}

// messages are those of a fetch that the isolation level lets through. The broker sends the messages
// of aborted transactions too, and names the transactions: leaving them out is the reader's work.
func (l *logReader) messages(block *sarama.FetchResponseBlock) []*sarama.ConsumerMessage {
	aborted := slices.SortedFunc(slices.Values(block.AbortedTransactions), func(a, b *sarama.AbortedTransaction) int {
		return cmp.Compare(a.FirstOffset, b.FirstOffset)
	})
	aborting := map[int64]bool{} // producers inside an aborted transaction, as we go along the log
	var msgs []*sarama.ConsumerMessage
	for _, records := range block.RecordsSet {
		batch := records.RecordBatch
		if batch == nil || batch.PartialTrailingRecord {
			break
		}
		for len(aborted) > 0 && aborted[0].FirstOffset <= batch.LastOffset() {
			aborting[aborted[0].ProducerID] = true
			aborted = aborted[1:]
		}
		switch {
		case batch.Control:
			if isAbortMarker(batch) {
				delete(aborting, batch.ProducerID)
			}
		case l.isolation == sarama.ReadCommitted && batch.IsTransactional && aborting[batch.ProducerID]:
		default:
			msgs = append(msgs, l.unpack(batch)...)
		}
		l.next = max(l.next, batch.LastOffset()+1)
	}
	return msgs
}

// isAbortMarker looks at the key of a control record: its version and its type, two bytes each, where
// type 0 is an abort and 1 a commit.
func isAbortMarker(batch *sarama.RecordBatch) bool {
	return len(batch.Records) > 0 && len(batch.Records[0].Key) >= 4 && binary.BigEndian.Uint16(batch.Records[0].Key[2:]) == 0
}

func (l *logReader) unpack(batch *sarama.RecordBatch) []*sarama.ConsumerMessage {
	var msgs []*sarama.ConsumerMessage
	for _, r := range batch.Records {
		offset := batch.FirstOffset + r.OffsetDelta
		if offset < l.next {
			continue // a batch comes whole, also where we ask for its middle
		}
		msgs = append(msgs, &sarama.ConsumerMessage{
			Topic: l.topic, Partition: l.partition, Offset: offset, Key: r.Key, Value: r.Value,
			Headers: r.Headers, Timestamp: timestampOf(batch, r),
		})
	}
	return msgs
}

// timestampOf is the record's time as consumers see it. In a topic with message.timestamp.type=LogAppendTime
// the broker writes its own time into the batch's header and leaves the producer's in the records, where it
// counts for nothing (KIP-32).
func timestampOf(batch *sarama.RecordBatch, r *sarama.Record) time.Time {
	if batch.LogAppendTime {
		return batch.MaxTimestamp
	}
	return batch.FirstTimestamp.Add(r.TimestampDelta)
}
