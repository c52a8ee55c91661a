package offset

import (
	"context"
	"errors"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// Span is a part of a partition's log, from an offset to before another one.
type Span struct{ From, To int64 }

// ErrEnough is what a function returns to end a reading whose purpose is fulfilled.
var ErrEnough = errors.New("enough")

// Read calls f with each message of a span, in the order of the log. It ends with the first error of f. With ReadCommitted the
// span should end with the last stable offset: Read waits for transactions that are open before its end.
func Read(
	ctx context.Context, client sarama.Client, p Place, span Span, isolation sarama.IsolationLevel, f func(*sarama.ConsumerMessage) error,
) error {
	if span.From >= span.To {
		return nil
	}
	_, err := kafka.ReadTo(ctx, client, p.Topic, p.Partition, span.From, span.To, isolation, func(msg *sarama.ConsumerMessage) error {
		if msg.Offset >= span.To { // fetched with the others
			return nil
		}
		return f(msg)
	})
	return err
}
