package monitor

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"

	"workshop.example/monitor/window"
)

// rebuild reads the windows that a partition has at a position from the log before it, and the alerts that are known of records
// from there on, which it returns. It sends nothing: what those records have broken was told by whoever committed the position.
//
// It begins at the first record that is not older than five minutes before the greatest timestamp: ListOffsets finds it, however
// the records' times are mixed, and no record before it can be in a window. Some timestamp will do for the greatest: with a smaller
// one it begins earlier, and what is too old leaves the windows on the way.
//
// Where retention has deleted a part of that, or the topic was made anew, the windows hold what is left, and so may lack records
// that a reader before had. Nothing else is known of them.
func (w *watcher) rebuild(
	ctx context.Context, number int32, part *window.Partition, position int64,
) (known map[identity]bool, err error) {
	w.rebuilding.Lock()
	defer w.rebuilding.Unlock()
	client, err := w.lookUp()
	if err != nil {
		return nil, err
	}
	log := reach{client: client, topic: w.cfg.topic, partition: number}
	if err := log.bounds(position); err != nil {
		return nil, err
	}
	greatest, err := log.greatest(ctx)
	if err != nil {
		return nil, err
	}
	since := max(0, greatest-window.FiveMinutes*1000)
	from, err := log.first(since)
	if err != nil {
		return nil, err
	}
	var hits []window.Hit // which were told
	err = log.read(ctx, from, func(msg *sarama.ConsumerMessage) {
		hits = count(part, msg, hits[:0])
	})
	if err != nil {
		return nil, err
	}
	return w.told(ctx, client, number, position, since)
}

// reach is the part of a log before a position.
type reach struct {
	client      sarama.Client
	topic       string
	partition   int32
	oldest, end int64 // oldest may be sarama.OffsetOldest
}

// bounds finds out what the log still has before the position.
func (l *reach) bounds(position int64) (err error) {
	if l.oldest, err = l.client.GetOffset(l.topic, l.partition, sarama.OffsetOldest); err != nil {
		return fmt.Errorf("oldest offset: %w", err)
	}
	newest, err := l.client.GetOffset(l.topic, l.partition, sarama.OffsetNewest)
	if err != nil {
		return fmt.Errorf("newest offset: %w", err)
	}
	l.end = min(position, newest) // the topic may have been made anew, and be shorter
	return nil
}

// greatest is the greatest timestamp of the last records, in milliseconds; 0 where there are none. Markers of transactions and
// aborted messages take offsets too, so that it looks further and further back until there is one.
func (l *reach) greatest(ctx context.Context) (milli int64, err error) {
	for back := int64(1000); ; back *= 8 {
		from := max(l.oldest, l.end-back)
		found := false
		err := l.read(ctx, from, func(msg *sarama.ConsumerMessage) {
			found = true
			milli = max(milli, msg.Timestamp.UnixMilli())
		})
		if err != nil || found || from <= l.oldest {
			return milli, err
		}
	}
}

// first is the offset of the first record that is not before a time.
func (l *reach) first(milli int64) (int64, error) {
	if milli == 0 {
		return l.oldest, nil
	}
	offset, err := l.client.GetOffset(l.topic, l.partition, milli)
	if err != nil {
		return 0, fmt.Errorf("first offset since %d: %w", milli, err)
	}
	if offset < 0 { // none
		return l.end, nil
	}
	return offset, nil
}

// read hands over the records from an offset to the end of the reach.
func (l *reach) read(ctx context.Context, from int64, take func(*sarama.ConsumerMessage)) error {
	if from >= l.end || l.end == 0 {
		return nil
	}
	_, err := kafka.ReadTo(ctx, l.client, l.topic, l.partition, from, l.end, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		if msg.Offset < l.end { // a fetch may bring more
			take(msg)
		}
		return nil
	})
	return err
}
