package verdict

import (
	"cmp"
	"slices"
)

// Check judges a run. The same run gives the same verdict, in the same order, and is left as it is. The
// time grows a little faster than the number of observations (n log n).
func Check(run Run) Verdict {
	c := checker{run: run, log: run.Log, fates: make(map[Message]*fate, max(len(run.Writes), len(run.Log)))}
	if run.Log == nil {
		c.log = assumedLog(run)
	}
	c.chooseWrites()
	c.judgeLog()
	c.judgeReads()
	c.judgeWrites()
	c.judgeMessages()
	return c.verdict
}

type checker struct {
	run     Run
	log     []Record // the observed one, or the assumed
	fates   map[Message]*fate
	verdict Verdict
}

// fate is what is known of one message.
type fate struct {
	write     *Write // the one that counts; nil: never written
	copies    []int  // where its committed records are in checker.log, increasing
	scattered bool   // the copies are in more than one partition
	taken     int    // how often it was read or became a dead letter
	read      bool
}

func (c *checker) fate(m Message) *fate {
	f := c.fates[m]
	if f == nil {
		f = &fate{}
		c.fates[m] = f
	}
	return f
}

// assumedLog stands in for a log that was not observed: every stream has a partition, and lies in it in
// the order of its numbers.
func assumedLog(run Run) []Record {
	var there []Message
	for _, w := range run.Writes {
		if w.Outcome == Acknowledged {
			there = append(there, w.Message)
		}
	}
	for _, r := range run.Reads {
		if !r.Aborted {
			there = append(there, r.Message)
		}
	}
	there = append(there, run.DeadLetters...)
	slices.SortFunc(there, func(a, b Message) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Number, b.Number))
	})
	var log []Record
	var partition int32
	for i, m := range slices.Compact(there) {
		if i > 0 && m.Stream != log[i-1].Stream {
			partition++
		}
		log = append(log, Record{Message: m, Partition: partition})
	}
	return log
}

// chooseWrites finds for each message the write that counts.
func (c *checker) chooseWrites() {
	for i := range c.run.Writes {
		w := &c.run.Writes[i]
		if f := c.fate(w.Message); f.write == nil || w.Outcome >= f.write.Outcome {
			f.write = w
		}
	}
}

// judgeLog finds what can be seen in the log alone, and notes where each message is.
func (c *checker) judgeLog() {
	type lane struct {
		partition int32
		stream    string
	}
	highest := make(map[lane]int)
	v := &c.verdict
	for at, r := range c.log {
		if r.Aborted {
			continue
		}
		f := c.fate(r.Message)
		if len(f.copies) == 0 {
			v.Produced++
		} else {
			v.Duplicated = append(v.Duplicated, r.Message)
		}
		lane := lane{r.Partition, r.Stream}
		top, any := highest[lane]
		if !any || r.Number > top {
			highest[lane] = r.Number
		} else if !c.isIn(f, r.Partition) {
			v.OutOfOrder = append(v.OutOfOrder, r.Message)
		}
		f.scattered = f.scattered || len(f.copies) > 0 && c.log[f.copies[0]].Partition != r.Partition
		f.copies = append(f.copies, at)
	}
}

// isIn reports whether a copy is in the partition. From the last to the first: in the partition of a
// message that is there a hundred thousand times the first look will do.
func (c *checker) isIn(f *fate, partition int32) bool {
	for _, at := range slices.Backward(f.copies) {
		if c.log[at].Partition == partition {
			return true
		}
	}
	return false
}

// judgeReads compares the reads, and the dead letters, with the log.
func (c *checker) judgeReads() {
	type cursor struct {
		session   string
		partition int32
	}
	next := make(map[cursor]int) // in the log, right behind the session's last read
	v := &c.verdict
	for _, r := range c.run.Reads {
		if r.Aborted {
			v.AbortedRead = append(v.AbortedRead, r.Message)
			continue
		}
		f := c.take(r.Message)
		if len(f.copies) == 0 {
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
		cursor := cursor{r.Session, c.log[f.copies[0]].Partition}
		i, _ := slices.BinarySearch(f.copies, next[cursor])
		if i == len(f.copies) {
			v.Nonmonotonic = append(v.Nonmonotonic, r.Message)
			i = 0
		}
		next[cursor] = f.copies[i] + 1
	}
	for _, m := range c.run.DeadLetters {
		c.take(m)
	}
}

// take counts that a message was taken in, once more than it could be or not.
func (c *checker) take(m Message) *fate {
	f := c.fate(m)
	f.taken++
	switch {
	case len(f.copies) == 0:
		c.verdict.AbortedRead = append(c.verdict.AbortedRead, m)
	case f.taken > len(f.copies):
		c.verdict.Repeated = append(c.verdict.Repeated, m)
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
		f := c.fates[w.Message]
		if f.write != w {
			continue // another write of this message counts
		}
		there := len(f.copies) > 0
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
		if r.Aborted {
			continue
		}
		f := c.fates[r.Message]
		if f.copies[0] != at {
			continue
		}
		if c.run.Writes != nil && (f.write == nil || f.write.Outcome == Refused) {
			v.Spurious = append(v.Spurious, r.Message)
		}
		if c.run.Reads != nil && f.taken == 0 {
			v.Missing = append(v.Missing, r.Message)
		}
		if c.run.Log != nil && c.run.Commits != nil && min(f.taken, len(f.copies)) > c.committed(f) {
			v.Torn = append(v.Torn, r.Message.String())
		}
	}
}

// committed counts the copies whose offset the group has committed.
func (c *checker) committed(f *fate) int {
	n := 0
	for _, at := range f.copies {
		if r := c.log[at]; r.Offset < c.run.Commits[r.Partition] {
			n++
		}
	}
	return n
}
