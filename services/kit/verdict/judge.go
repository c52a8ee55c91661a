package verdict

import "slices"

// judgeLog finds what can be seen in the log alone, and notes where each message is.
func (c *checker) judgeLog() {
	type lane struct {
		partition int32
		stream    uint32
	}
	highest := make(map[lane]uint32) // the ids of a stream's messages are in the order of their numbers
	v := &c.verdict
	for at, r := range c.log {
		f := &c.fates[r.message]
		if f.there == 0 {
			v.Produced++
		} else {
			v.Duplicated = append(v.Duplicated, c.name(r.message))
			f.scattered = f.scattered || c.log[c.copies[f.first]].partition != r.partition
		}
		lane := lane{r.partition, c.messages[r.message].stream}
		top, any := highest[lane]
		if !any || r.message > top {
			highest[lane] = r.message
		} else if !c.isIn(f, r.partition) {
			v.OutOfOrder = append(v.OutOfOrder, c.name(r.message))
		}
		c.copies[f.first+f.there] = uint32(at)
		f.there++
	}
}

// isIn reports whether a copy is in the partition. From the last to the first: in the partition of a
// message that is there a hundred thousand times the first look will do.
func (c *checker) isIn(f *fate, partition int32) bool {
	for _, at := range slices.Backward(c.copiesOf(f)) {
		if c.log[at].partition == partition {
			return true
		}
	}
	return false
}

// judgeReads compares the reads, and the dead letters, with the log.
func (c *checker) judgeReads() {
	type cursor struct {
		session   uint32
		partition int32
	}
	sessions := numbers{}
	next := make(map[cursor]uint32) // in the log, right behind the session's last read
	v := &c.verdict
	for i, r := range c.run.Reads {
		if r.Aborted {
			v.AbortedRead = append(v.AbortedRead, r.Message)
			continue
		}
		f := c.take(c.reads[i])
		if f.there == 0 {
			continue
		}
		if !f.read {
			f.read = true
			v.Processed++
		}
		if f.scattered {
			continue // which of the partitions was read cannot be told
		}
		// It was the first copy that lies ahead. If none does, the session has gone back.
		copies := c.copiesOf(f)
		cursor := cursor{sessions.of(r.Session), c.log[copies[0]].partition}
		ahead, _ := slices.BinarySearch(copies, next[cursor])
		if ahead == len(copies) {
			v.Nonmonotonic = append(v.Nonmonotonic, r.Message)
			ahead = 0
		}
		next[cursor] = copies[ahead] + 1
	}
	for _, message := range c.letters {
		c.take(message)
	}
}

// take counts that a message was taken in, once more than it could be or not.
func (c *checker) take(message uint32) *fate {
	f := &c.fates[message]
	f.taken++
	switch {
	case f.there == 0:
		c.verdict.AbortedRead = append(c.verdict.AbortedRead, c.name(message))
	case f.taken > f.there:
		c.verdict.Repeated = append(c.verdict.Repeated, c.name(message))
	}
	return f
}

// judgeWrites compares the writes with the log.
func (c *checker) judgeWrites() {
	type parts struct{ there, absent bool }
	transactions := make(map[string]parts)
	v := &c.verdict
	for i := range c.run.Writes {
		w := &c.run.Writes[i]
		f := &c.fates[c.writes[i]]
		if f.write != uint32(i+1) {
			continue // another write of this message counts
		}
		there := f.there > 0
		switch {
		case w.Outcome == Acknowledged && !there:
			v.Lost = append(v.Lost, w.Message)
		case w.Outcome != Unknown || c.run.Log == nil && c.run.Reads == nil:
		case there:
			v.UnknownPresent = append(v.UnknownPresent, w.Message)
		default:
			v.UnknownAbsent = append(v.UnknownAbsent, w.Message)
		}
		if w.Transaction == "" || c.run.Log == nil {
			continue
		}
		before := transactions[w.Transaction]
		after := parts{before.there || there, before.absent || !there}
		if after != before && after.there && after.absent {
			v.Torn = append(v.Torn, w.Transaction)
		}
		transactions[w.Transaction] = after
	}
}

// judgeMessages looks at each message of the log once, now that everything about it is known.
func (c *checker) judgeMessages() {
	v := &c.verdict
	for at, r := range c.log {
		f := &c.fates[r.message]
		if c.copies[f.first] != uint32(at) {
			continue
		}
		if c.run.Writes != nil && (f.write == 0 || c.run.Writes[f.write-1].Outcome == Refused) {
			v.Spurious = append(v.Spurious, c.name(r.message))
		}
		if c.run.Reads != nil && f.taken == 0 {
			v.Missing = append(v.Missing, c.name(r.message))
		}
		if c.run.Log != nil && c.run.Commits != nil && min(f.taken, f.there) > c.committed(f) {
			v.Torn = append(v.Torn, c.name(r.message).String())
		}
	}
}

// committed counts the copies whose offset the group has committed.
func (c *checker) committed(f *fate) uint32 {
	n := uint32(0)
	for _, at := range c.copiesOf(f) {
		if r := c.log[at]; r.offset < c.run.Commits[r.partition] {
			n++
		}
	}
	return n
}
