package frauddetector

import (
	"context"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/group"
)

const (
	most   = 500                    // records in a transaction
	linger = 5 * time.Millisecond   // for records that were fetched together: each partition brings its own
	pace   = 100 * time.Millisecond // from the begin of a transaction to that of the next, unless as many as fit wait
)

// collector brings the records of all partitions into batches. A transaction costs the brokers as much for one record
// as for hundreds: so one takes them from every partition. A record that comes alone waits for linger only.
//
// Its goroutine alone knows of batches; claims hand over their records, and say when they leave.
type collector struct {
	handed  chan handed
	leaving chan *part
	decide  func(ctx context.Context, batch []handed) error
}

// handed is a record, and the claim that it has come from.
type handed struct {
	from   *part
	record *sarama.ConsumerMessage
}

// part is one claim, as the collector sees it.
type part struct {
	claim   *group.Claim
	session context.Context // that of the claim
	topicID string

	failed chan struct{}           // closed when nothing more is taken from it
	err    error                   // why; set before
	first  *sarama.ConsumerMessage // that was not decided
}

func newCollector(decide func(context.Context, []handed) error) *collector {
	return &collector{handed: make(chan handed), leaving: make(chan *part), decide: decide}
}

// hand gives a record to the collector, unless an earlier one of its claim has failed.
func (c *collector) hand(p *part, msg *sarama.ConsumerMessage) {
	select {
	case c.handed <- handed{p, msg}:
	case <-p.failed:
	}
}

// leave takes back what has not been decided, once no transaction is under way.
func (c *collector) leave(p *part) { c.leaving <- p }

// run decides until over is closed, when every claim has left. Once ctx has ended it begins nothing: what it is handed
// comes again.
func (c *collector) run(ctx context.Context, over <-chan struct{}) {
	var batch []handed
	var began time.Time
	var due <-chan time.Time
	decide := func() {
		began = time.Now()
		c.take(ctx, batch)
		batch, due = nil, nil
	}
	for {
		select {
		case h := <-c.handed:
			if h.from.err != nil || ctx.Err() != nil {
				continue
			}
			// Never two sessions in one transaction: both may have the same record, and its offset would be committed for
			// the newer one, with two decisions. In a transaction of its own the older one is refused.
			if len(batch) > 0 && batch[0].from.session != h.from.session {
				decide()
			}
			if len(batch) == 0 {
				due = time.After(max(linger, pace-time.Since(began)))
			}
			if batch = append(batch, h); len(batch) == most {
				decide()
			}
		case p := <-c.leaving:
			batch = slices.DeleteFunc(batch, func(h handed) bool { return h.from == p })
		case <-due:
			decide()
		case <-over:
			return
		}
	}
}

// take decides about a batch. After an error it takes nothing more from the claims that are in it: to go on behind the
// records that failed would leave them out.
func (c *collector) take(ctx context.Context, batch []handed) {
	if len(batch) == 0 || ctx.Err() != nil {
		return
	}
	err := c.decide(ctx, batch)
	if err == nil {
		return
	}
	for _, h := range batch {
		if p := h.from; p.err == nil {
			p.err, p.first = err, h.record
			close(p.failed)
		}
	}
}
