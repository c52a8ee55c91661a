package verdict

import "slices"

// What the damages are made of. Those that change how much there is correct want's numbers.

func without[T comparable](list []T, gone T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return x == gone })
}

// siblings reports whether the message's transaction has others.
func (h *experiment) siblings(m Message) bool { return len(h.inside[h.wrote[m].Transaction]) > 1 }

// tear notes that the message does not share the fate of the others of its transaction, if it has any.
func (h *experiment) tear(m Message) {
	if h.siblings(m) {
		h.want.Torn = append(h.want.Torn, h.wrote[m].Transaction)
	}
}

// invent is a message that nobody wrote.
func (h *experiment) invent(stream string) Message {
	h.last[stream] += 2
	return Message{stream, h.last[stream]}
}

func (h *experiment) dropRecord(m Message) {
	i := h.record(m)
	h.run.Log = slices.Delete(h.run.Log, i, i+1)
	h.want.Produced--
}

func (h *experiment) dropTaken(m Message) {
	if i := h.reading(m); i >= 0 {
		h.run.Reads = slices.Delete(h.run.Reads, i, i+1)
		h.want.Processed--
	}
	h.run.DeadLetters = without(h.run.DeadLetters, m)
}

// readLate reads a message in a session of its own.
func (h *experiment) readLate(m Message) {
	h.run.Reads = append(h.run.Reads, Read{m, h.name("late"), false})
}

// readAborted puts a read that ought not to be anywhere.
func (h *experiment) readAborted(r Read) {
	h.run.Reads = slices.Insert(h.run.Reads, h.IntN(len(h.run.Reads)+1), r)
	h.want.AbortedRead = append(h.want.AbortedRead, r.Message)
}

// arrive puts a committed record of the message where it belongs in its stream, and has it read.
func (h *experiment) arrive(m Message) {
	p := h.partition(m.Stream)
	at := slices.IndexFunc(h.run.Log, func(r Record) bool {
		return r.Stream == m.Stream && r.Partition == p && r.Number > m.Number
	})
	if at < 0 {
		h.atEnd(m, p)
	} else {
		h.run.Log = slices.Insert(h.run.Log, at, Record{m, p, h.run.Log[at].Offset - 1, false})
	}
	h.want.Produced++
	h.readLate(m)
	h.want.Processed++
}

func (h *experiment) atEnd(m Message, p int32) {
	h.run.Log = append(h.run.Log, Record{m, p, h.end[p], false})
	h.end[p] += stride
	h.run.Commits[p] = h.end[p]
}

// duplicate puts a second record right behind the first.
func (h *experiment) duplicate(m Message) {
	i := h.record(m)
	r := h.run.Log[i]
	r.Offset++
	h.run.Log = slices.Insert(h.run.Log, i+1, r)
	h.run.Commits[r.Partition] = max(h.run.Commits[r.Partition], r.Offset+1)
	h.want.Duplicated = append(h.want.Duplicated, m)
}

// copyTo puts a second record at the end of a partition and has it read.
func (h *experiment) copyTo(m Message, p int32) {
	h.atEnd(m, p)
	h.readLate(m)
	h.want.Duplicated = append(h.want.Duplicated, m)
}

// copyElsewhere copies a message to the end of a partition that does not have it: behind a higher number
// of its stream, or where there is none.
func (h *experiment) copyElsewhere(stream string, behind bool) bool {
	p := int32(h.IntN(len(h.end)))
	m, ok := h.choose(stream, func(m Message) bool {
		if h.reading(m) < 0 || h.run.Log[h.record(m)].Partition == p {
			return false
		}
		return behind == slices.ContainsFunc(h.run.Log, func(r Record) bool {
			return r.Partition == p && r.Stream == stream && r.Number > m.Number && !r.Aborted
		})
	})
	if ok {
		h.copyTo(m, p)
	}
	return ok
}

// neighbours is where two messages of a stream are that follow each other in one partition.
func (h *experiment) neighbours(stream string) (int, int) {
	m, ok := h.choose(stream, func(m Message) bool { return h.following(m) >= 0 })
	if !ok {
		return -1, -1
	}
	return h.record(m), h.following(m)
}

func (h *experiment) following(m Message) int {
	from := h.record(m)
	if from < 0 {
		return -1
	}
	for i := from + 1; i < len(h.run.Log); i++ {
		r := h.run.Log[i]
		if r.Stream == m.Stream && r.Partition == h.run.Log[from].Partition && !r.Aborted {
			return i
		}
	}
	return -1
}

// swapTaken lets two messages change places among the reads and the dead letters.
func (h *experiment) swapTaken(a, b Message) {
	swap := func(m *Message) {
		switch *m {
		case a:
			*m = b
		case b:
			*m = a
		}
	}
	for i := range h.run.Reads {
		swap(&h.run.Reads[i].Message)
	}
	for i := range h.run.DeadLetters {
		swap(&h.run.DeadLetters[i])
	}
}

// alongside is a read, and the later ones by the same session from the same partition.
func (h *experiment) alongside(first int) []int {
	partition := func(m Message) int32 { return h.run.Log[h.record(m)].Partition }
	var found []int
	for i := first; i < len(h.run.Reads); i++ {
		r := h.run.Reads[i]
		if r.Session == h.run.Reads[first].Session && h.record(r.Message) >= 0 && !r.Aborted &&
			partition(r.Message) == partition(h.run.Reads[first].Message) {
			found = append(found, i)
		}
	}
	return found
}
