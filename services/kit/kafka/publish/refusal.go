package publish

import (
	"errors"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// divide returns the batches to send instead of b, which was refused. Where the broker names records, the others are
// sent without them (KIP-467). Where it does not, halves are tried, down to a single message: so a batch that is
// too large fits (KIP-126), and a bad record is found.
func (p *partition) divide(b *batch, err error) []*batch {
	var refusal *refusedError
	named := errors.As(err, &refusal) && len(refusal.records) > 0 && len(refusal.records) < len(b.tags)
	switch {
	case named:
		bad, good := p.emptyCopy(b), p.emptyCopy(b)
		b.divide(func(i int) *batch {
			if reason, found := refusal.records[int32(i)]; found {
				bad.reasons = append(bad.reasons, reason)
				return bad
			}
			return good
		})
		p.publisher.tell(bad, Outcome{Result: Failed, Partition: p.id, Offset: -1, Err: err})
		p.publisher.recycle(b)
		return []*batch{good}
	case isPerRecord(err) && len(b.tags) > 1:
		if errors.Is(err, sarama.ErrMessageSizeTooLarge) {
			p.limit = max(smallestLimit, min(p.limit, len(b.records)/2))
		}
		left, right := p.emptyCopy(b), p.emptyCopy(b)
		b.divide(func(i int) *batch {
			if i < len(b.tags)/2 {
				return left
			}
			return right
		})
		p.publisher.recycle(b)
		return []*batch{left, right}
	default:
		if refusal != nil && len(refusal.records) == len(b.tags) {
			for i := range b.tags {
				b.reasons = append(b.reasons, refusal.records[int32(i)])
			}
		}
		p.publisher.tell(b, Outcome{Result: Failed, Partition: p.id, Offset: -1, Err: err})
		return nil
	}
}

// smallestLimit is how small a topic's max.message.bytes may make the batches. Single messages may be larger.
const smallestLimit = 1 << 10

// emptyCopy is a batch with room for the records of b, beyond the limit if need be: b is given back soon.
func (p *partition) emptyCopy(b *batch) *batch {
	c := p.publisher.blankBatch(p, p.publisher.memory.must(len(b.records)))
	c.full = true
	return c
}

// isRefusal reports whether the answer would be the same at every try, and nothing was written.
func isRefusal(err error) bool { return err != nil && kafka.Refused(err) }

// isPerRecord reports whether a smaller batch may be accepted.
func isPerRecord(err error) bool {
	return errors.Is(err, sarama.ErrMessageSizeTooLarge) || errors.Is(err, sarama.ErrInvalidRecord) ||
		errors.Is(err, sarama.ErrInvalidTimestamp)
}

// isSequence reports whether the broker missed batches before this one, or does not know the producer.
func isSequence(err error) bool {
	return errors.Is(err, sarama.ErrOutOfOrderSequenceNumber) || errors.Is(err, sarama.ErrUnknownProducerID) ||
		errors.Is(err, sarama.ErrInvalidProducerEpoch)
}

// certain reports whether an attempt that was answered with err wrote nothing. Most errors do not say so: a leader that
// steps down while it waits for the replicas answers NOT_LEADER_OR_FOLLOWER, and the new one may have the records.
func certain(err error) bool {
	return isRefusal(err) || isSequence(err) || errors.Is(err, sarama.ErrNotEnoughReplicas)
}
