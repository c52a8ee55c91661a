package deadletter

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/history"
	"workshop.example/workshop/admin/offset"
)

func (r *replayer) replay(ctx context.Context, spans map[offset.Place]offset.Span) error {
	for _, p := range offset.SortedPlaces(spans) {
		err := offset.Read(ctx, r.client, p, spans[p], sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error { return r.take(ctx, msg) })
		if err != nil && !errors.Is(err, offset.ErrEnough) {
			return err
		}
		if err := r.send(ctx); err != nil { // the offset of a transaction is one partition's
			return err
		}
	}
	return nil
}

// take collects letters, and sends them when there are enough for a transaction.
func (r *replayer) take(ctx context.Context, msg *sarama.ConsumerMessage) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if r.limit > 0 && r.taken >= r.limit {
		return offset.ErrEnough
	}
	r.batch = append(r.batch, msg)
	r.taken++
	if len(r.batch) < batchSize {
		return nil
	}
	return r.send(ctx)
}

// send sends what was taken, and the position behind it, in one transaction.
func (r *replayer) send(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	batch := r.batch
	r.batch = nil
	sent, err := r.transact(ctx, batch)
	if err != nil {
		return errors.Join(err, r.transactor.Abort(ctx))
	}
	r.sent += int64(sent)
	return nil
}

func (r *replayer) transact(ctx context.Context, batch []*sarama.ConsumerMessage) (sent int, err error) {
	var back []*sarama.ProducerMessage
	left := 0
	for _, msg := range batch {
		message := replay(msg)
		if message == nil {
			left++
			continue
		}
		if r.origins.known(msg) {
			continue
		}
		if !slices.Contains(r.targets, message.Topic) {
			return 0, fmt.Errorf("the letter at offset %d came from topic %s, which does not exist: create it first", msg.Offset, message.Topic)
		}
		back = append(back, message)
	}
	if err := r.transactor.Begin(ctx); err != nil {
		return 0, err
	}
	for _, message := range back {
		if err := r.transactor.Send(ctx, message, history.Subject{}); err != nil {
			return 0, err
		}
	}
	if err := r.transactor.AddOffsetAlone(replayGroup(r.topic), batch[len(batch)-1]); err != nil {
		return 0, err
	}
	if err := r.transactor.Commit(ctx); err != nil {
		return 0, err
	}
	r.left += int64(left)
	return len(back), nil
}
