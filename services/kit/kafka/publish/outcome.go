package publish

// blankBatch is an empty batch, with buffer for its records.
func (p *Publisher) blankBatch(part *partition, buffer []byte) *batch {
	b := new(batch)
	if last := len(p.blank) - 1; last >= 0 {
		b, p.blank = p.blank[last], p.blank[:last]
	}
	b.partition, b.records = part, append(buffer, make([]byte, headerSize)...)
	return b
}

// recycle gives the memory of b back. It may go to somebody else at once.
func (p *Publisher) recycle(b *batch) {
	p.memory.give(b.records, cap(b.records))
	if b.packed != nil {
		p.memory.give(b.packed, b.room)
	}
	tags := b.tags[:0]
	if cap(tags) > 64+4*len(b.tags) { // a batch that was large once, and may remain small
		tags = nil
	}
	clear(b.tags)
	*b = batch{tags: tags}
	p.blank = append(p.blank, b)
	notify(p.room)
}

// tell has o told as the outcome of every message of b, which leaves its partition.
func (p *Publisher) tell(b *batch, o Outcome) {
	b.outcome = o
	p.outcomes = append(p.outcomes, b)
	notify(p.told)
}

// report tells outcomes until the last one is told.
func (p *Publisher) report() {
	defer close(p.telling)
	var t teller
	for {
		select {
		case <-p.told:
			p.tellWaiting(&t)
		case <-p.settled:
			return
		}
	}
}

// teller is memory that report uses again.
type teller struct {
	batches  []*batch
	outcomes []Outcome
}

// tellWaiting tells the outcomes that there are.
func (p *Publisher) tellWaiting(t *teller) {
	p.mu.Lock()
	t.batches, p.outcomes = p.outcomes, t.batches[:0]
	p.mu.Unlock()
	for _, b := range t.batches {
		t.outcomes = b.outcomes(t.outcomes[:0])
		p.options.Outcomes(t.outcomes)
		clear(t.outcomes)
		p.mu.Lock()
		p.pending -= len(b.tags)
		p.recycle(b)
		p.settle()
		p.mu.Unlock()
	}
	clear(t.batches)
}

// settle closes settled when there is nothing to wait for any more.
func (p *Publisher) settle() {
	if p.closing && p.pending == 0 {
		select {
		case <-p.settled:
		default:
			close(p.settled)
		}
	}
}

// outcomes appends the outcome of each message.
func (b *batch) outcomes(dst []Outcome) []Outcome {
	for i, tag := range b.tags {
		o := b.outcome
		o.Tag = tag
		if o.Offset >= 0 {
			o.Offset += int64(i)
		}
		if b.reasons != nil {
			o.Err = b.reasons[i]
		}
		dst = append(dst, o)
	}
	return dst
}
