package verdict

// Check judges a run. The same run gives the same verdict, in the same order, and is left as it is. The
// time grows a little faster than the number of observations (n log n), the memory as their number does.
func Check(run Run) Verdict {
	c := newChecker(run)
	c.chooseWrites()
	c.judgeLog()
	c.judgeReads()
	c.judgeWrites()
	c.judgeMessages()
	return c.verdict
}

type checker struct {
	run  Run
	list // of the messages that the run mentions
	// Of which message each of the run's observations is.
	writes, reads, letters []uint32

	log     []record // the observed one without what was aborted, or the assumed
	copies  []uint32 // where in the log a message's records are, the messages one after the other
	fates   []fate   // of each message
	verdict Verdict
}

// record is a committed one of a message, by its id.
type record struct {
	message   uint32
	partition int32
	offset    int64
}

// fate is what is known of one message.
type fate struct {
	write     uint32 // the one that counts in run.Writes, counted from 1; 0: never written
	first     uint32 // of its copies in checker.copies
	there     uint32 // how many committed records it has, of those that were looked at so far
	taken     uint32 // how often it was read or became a dead letter
	scattered bool   // the copies are in more than one partition
	read      bool
}

func newChecker(run Run) *checker {
	names := newCatalog(len(run.Writes) + len(run.Log) + len(run.Reads) + len(run.DeadLetters))
	for i := range run.Writes {
		names.add(run.Writes[i].Message)
	}
	for i := range run.Log {
		names.add(run.Log[i].Message)
	}
	for i := range run.Reads {
		names.add(run.Reads[i].Message)
	}
	for _, m := range run.DeadLetters {
		names.add(m)
	}
	c := &checker{run: run, list: names.number()}
	c.fates = make([]fate, len(c.messages))
	c.writes = c.next(len(run.Writes))
	log := c.next(len(run.Log))
	c.reads, c.letters = c.next(len(run.Reads)), c.next(len(run.DeadLetters))
	if run.Log == nil {
		c.assumeLog()
	} else {
		c.observeLog(log)
	}
	c.makeRoom()
	return c
}

// assumeLog stands in for a log that was not observed: every stream has a partition, and lies in it in
// the order of its numbers.
func (c *checker) assumeLog() {
	there := make([]bool, len(c.messages))
	for i, w := range c.run.Writes {
		there[c.writes[i]] = there[c.writes[i]] || w.Outcome == Acknowledged
	}
	for i, r := range c.run.Reads {
		there[c.reads[i]] = there[c.reads[i]] || !r.Aborted
	}
	for _, message := range c.letters {
		there[message] = true
	}
	c.log = make([]record, 0, len(there))
	for message, there := range there {
		if there {
			c.log = append(c.log, record{message: uint32(message), partition: int32(c.messages[message].stream)})
		}
	}
}

func (c *checker) observeLog(ids []uint32) {
	c.log = make([]record, 0, len(ids))
	for i, r := range c.run.Log {
		if !r.Aborted {
			c.log = append(c.log, record{ids[i], r.Partition, r.Offset})
		}
	}
}

// makeRoom divides checker.copies among the messages.
func (c *checker) makeRoom() {
	c.copies = make([]uint32, len(c.log))
	for _, r := range c.log {
		c.fates[r.message].first++ // for now how many there will be
	}
	used := uint32(0)
	for i := range c.fates {
		f := &c.fates[i]
		f.first, used = used, used+f.first
	}
}

// copiesOf is where in the log a message's records are, increasing.
func (c *checker) copiesOf(f *fate) []uint32 { return c.copies[f.first : f.first+f.there] }

// chooseWrites finds for each message the write that counts.
func (c *checker) chooseWrites() {
	for i, message := range c.writes {
		if f := &c.fates[message]; f.write == 0 || c.run.Writes[i].Outcome >= c.run.Writes[f.write-1].Outcome {
			f.write = uint32(i + 1)
		}
	}
}
