package offset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/admin/session"
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

// Counted is the number of committed messages in a span. It is not the difference of two offsets: the markers of transactions and
// aborted messages take offsets too.
type Counted struct {
	Messages int64
	AtLeast  bool // counting was given up: too many, or too slow
}

// String returns the number, with a plus if there may be more.
func (n Counted) String() string {
	if n.AtLeast {
		return fmt.Sprintf("%d+", n.Messages)
	}
	return fmt.Sprint(n.Messages)
}

// CountLimit is how many messages of a partition are counted at most, which takes a second or two.
const CountLimit = 1_000_000

// Count reads the spans and counts their messages. It gives up a span at CountLimit, and all of them shortly before ctx ends, so
// that there is an answer.
func Count(ctx context.Context, s *session.Session, spans map[Place]Span) (map[Place]Counted, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)*3/4)
		defer cancel()
	}
	type result struct {
		Place
		Counted
	}
	results := make(chan result, len(spans))
	var g errgroup.Group
	g.SetLimit(8)
	for p, span := range spans {
		g.Go(func() error {
			n, err := countSpan(ctx, s, p, span)
			results <- result{p, n}
			return err
		})
	}
	err := g.Wait()
	close(results)
	all := map[Place]Counted{}
	for r := range results {
		all[r.Place] = r.Counted
	}
	return all, err
}

func countSpan(ctx context.Context, s *session.Session, p Place, span Span) (n Counted, err error) {
	err = Read(ctx, s.Client, p, span, sarama.ReadCommitted, func(*sarama.ConsumerMessage) error {
		n.Messages++
		if n.Messages >= CountLimit || ctx.Err() != nil {
			return ErrEnough
		}
		return nil
	})
	if errors.Is(err, ErrEnough) || ctx.Err() != nil && err != nil {
		n.AtLeast = true
		return n, nil
	}
	return n, err
}
