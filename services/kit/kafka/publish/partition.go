package publish

import (
	"fmt"
	"math"
	"time"
)

// partition is a queue of batches with one writer. Its methods are called with the publisher's lock held.
type partition struct {
	publisher *Publisher
	topic     string
	id        int32
	leader    *broker // nil where nobody knows it

	batches []*batch // the oldest first; the last one takes records
	sent    int      // how many of them, from the first on, were sent and have not been acknowledged
	waiting int      // how many of these have no answer yet
	limit   int      // bytes that a batch may have
	usual   int      // bytes that the last one had
	failed  bool     // an attempt did: nothing goes out before every answer is here, and what failed is sorted out
	paused  bool     // nothing goes out before the keeper has looked for the leader

	producerID int64
	epoch      int16
	sequence   int32 // of the next record that has none
	known      bool  // the broker has acknowledged a batch of this epoch
}

// maxInFlight is how many batches of a producer a broker remembers for a partition, to know repeated ones again
// (KIP-98, KAFKA-5494), and therefore how many may be under way.
const maxInFlight = 5

// window is how many batches may be under way. Without idempotence a second one could overtake the first. So it could
// at the beginning of an epoch: a broker that knows nothing of a producer accepts any sequence for the first (KIP-360).
func (p *partition) window() int {
	if p.known {
		return maxInFlight
	}
	return 1
}

// add appends m to the last batch, or to a new one. It returns false where there is no memory for it.
func (p *partition) add(m *Message, now time.Time) bool {
	size := maxSize(m)
	b := p.open()
	if b != nil && len(b.records)+size > p.limit {
		b.full = true
		p.wakeLeader()
		b = nil
	}
	if b == nil {
		if b = p.begin(size); b == nil {
			return false
		}
		b.began = now
		p.batches = append(p.batches, b)
	} else if !p.extend(b, size) {
		return false
	}
	at := now
	if !m.Time.IsZero() {
		at = m.Time
	}
	b.add(m, at.UnixMilli())
	if len(b.tags) == 1 && (p.leader == nil || p.leader.inFlight == 0) {
		p.wakeLeader()
	}
	return true
}

// begin returns an empty batch for at least n bytes, nil where there is no memory for it.
//
// Where memory is short and other batches wait, it does not begin with less than usual. Otherwise each batch that is acknowledged
// would make room for one that is as small as itself, and the queue would be full of small ones for ever.
func (p *partition) begin(n int) *batch {
	buffer := p.publisher.memory.take(max(headerSize+n, min(p.usual, p.limit)))
	if buffer == nil && len(p.batches) == 0 {
		buffer = p.publisher.memory.take(headerSize + n)
	}
	if buffer == nil {
		return nil
	}
	return p.publisher.blankBatch(p, buffer)
}

// open is the batch that takes records, nil where there is none.
func (p *partition) open() *batch {
	if n := len(p.batches); n > p.sent && !p.batches[n-1].full {
		return p.batches[n-1]
	}
	return nil
}

// extend makes room in b for n more bytes, and reports whether it has. Without memory b stays open: it grows later, or goes out as it
// is.
func (p *partition) extend(b *batch, n int) bool {
	need := len(b.records) + n
	if need <= cap(b.records) {
		return true
	}
	larger := p.publisher.memory.take(need)
	if larger == nil {
		return false
	}
	larger = append(larger, b.records...)
	p.publisher.memory.give(b.records, cap(b.records))
	b.records = larger
	return true
}

// wakeLeader says that there is something to send, to whoever can do something about it.
func (p *partition) wakeLeader() {
	if p.leader != nil {
		p.leader.wakeUp()
	} else {
		p.publisher.inTrouble()
	}
}

// next returns the batch to send now, nil where there is none. With onlyFull it leaves a batch that can still grow.
//
// A batch that is tried again is under way alone. It may be in the log, and if five others were stored after it, the broker
// would no longer know it.
func (p *partition) next(onlyFull bool) *batch {
	if p.failed || p.paused || p.sent == len(p.batches) || p.waiting >= p.window() {
		return nil
	}
	b := p.batches[p.sent]
	if p.sent > 0 && (b.numbered || p.batches[0].again) || onlyFull && !b.full {
		return nil
	}
	b.full, b.again = true, b.numbered
	if !b.numbered {
		p.number(b)
	}
	p.usual = len(b.records)
	p.sent++
	p.waiting++
	return b
}

// number gives b its place in the sequence.
func (p *partition) number(b *batch) {
	b.numbered, b.producerID, b.epoch, b.sequence = true, noProducer, noProducer, noProducer
	if !p.publisher.idempotent() {
		return
	}
	b.producerID, b.epoch, b.sequence = p.producerID, p.epoch, p.sequence
	// After the largest number comes 0. A record is a step, a batch has the sequence of its first.
	p.sequence = int32((int64(p.sequence) + int64(len(b.tags))) & math.MaxInt32)
}

// answered notes the answer to b.
func (p *partition) answered(b *batch, a answer) {
	p.waiting--
	switch err := a.err(); {
	case err == nil:
		p.known = p.publisher.idempotent()
		p.remove(b)
		p.publisher.tell(b, Outcome{Result: Acknowledged, Partition: p.id, Offset: a.offset})
	default:
		b.err = err
		b.maybe = b.maybe || !certain(err)
		p.failed = true
	}
	p.settle()
}

// lost notes that no answer to b will come. It never left where sent is false.
func (p *partition) lost(b *batch, err error, sent bool) {
	p.waiting--
	b.err, p.failed = err, true
	b.maybe = b.maybe || sent
	p.settle()
}

func (p *partition) remove(b *batch) {
	for i, other := range p.batches[:p.sent] {
		if other == b {
			copy(p.batches[i:], p.batches[i+1:])
			p.batches[len(p.batches)-1] = nil
			p.batches = p.batches[:len(p.batches)-1]
			p.sent--
			return
		}
	}
}

// settle sorts out what failed, once every answer is here. What is left is sent again, in the same order.
func (p *partition) settle() {
	if !p.failed || p.waiting > 0 {
		return
	}
	p.failed = false
	var kept []*batch
	var gap error // in the sequences: what has made it
	for i, b := range p.batches {
		err := b.err
		b.err = nil
		switch {
		case err == nil && i >= p.sent && !p.expired(b):
			kept = append(kept, b)
		case isRefusal(err) && !b.maybe:
			kept = append(kept, p.divide(b, err)...)
			gap = err
		case isRefusal(err) || p.expired(b):
			o := p.given(b, err)
			if b.numbered {
				gap = o.Err
			}
			p.publisher.tell(b, o)
		case isSequence(err):
			// For the first batch it says that the broker has lost its place in the sequence. A later one fails in this way
			// wherever the first has failed.
			if len(kept) == 0 {
				gap = err
			}
			fallthrough
		default:
			p.paused = p.paused || err != nil
			kept = append(kept, b)
		}
	}
	p.batches, p.sent = kept, 0
	if gap != nil && p.publisher.idempotent() {
		p.bump(fmt.Errorf("%w (%w)", errLostPlace, gap))
	}
	if p.paused {
		p.publisher.inTrouble()
	} else {
		p.wakeLeader()
	}
}

// given is the outcome of a batch that is given up.
func (p *partition) given(b *batch, err error) Outcome {
	if err == nil {
		err = errTimedOut
	}
	if b.maybe {
		return Outcome{Result: Unknown, Partition: p.id, Offset: -1, Err: err}
	}
	return Outcome{Result: Failed, Partition: p.id, Offset: -1, Err: err}
}

// expired reports whether b has been tried for long enough.
func (p *partition) expired(b *batch) bool { return time.Since(b.began) > p.publisher.timeout }

// bump begins a new epoch, with sequence 0, and has the batches numbered again (KIP-360). Within an epoch a number is
// never given to other records: the broker might take them for a repetition, and drop them. What may be in the log
// already must not be sent under another number, or it might be there twice. Its outcome remains unknown.
func (p *partition) bump(cause error) {
	kept := p.batches[:0]
	for _, b := range p.batches {
		if b.numbered && b.maybe {
			p.publisher.tell(b, p.given(b, cause))
			continue
		}
		b.numbered = false
		kept = append(kept, b)
	}
	clear(p.batches[len(kept):])
	p.batches = kept
	p.sequence, p.known = 0, false
	if p.epoch++; p.epoch == math.MaxInt16 { // the last one is kept for the broker's own use
		p.producerID, p.epoch, p.paused = noProducer, 0, true // the keeper brings another
	}
}
