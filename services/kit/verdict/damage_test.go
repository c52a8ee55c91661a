package verdict

import "slices"

// damage is one known harm. do looks for a place for it in the stream, does it, adds to want what the
// verdict must now say, and reports false where the stream has no such place. A damage that reaches
// into other streams is done alone.
type damage struct {
	name  string
	alone bool
	do    func(h *experiment, stream string) bool
}

var damages = []damage{
	{"acknowledged record gone, nobody read it", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.wrote[m].Outcome == Acknowledged })
		if ok {
			h.dropRecord(m)
			h.dropTaken(m)
			h.want.Lost = append(h.want.Lost, m)
			h.tear(m)
		}
		return ok
	}},
	{"acknowledged record gone after it was read", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.wrote[m].Outcome == Acknowledged })
		if ok {
			h.dropRecord(m)
			if h.reading(m) >= 0 {
				h.want.Processed--
			}
			h.want.Lost = append(h.want.Lost, m)
			h.want.AbortedRead = append(h.want.AbortedRead, m)
			h.tear(m)
		}
		return ok
	}},
	{"acknowledged record aborted", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.wrote[m].Outcome == Acknowledged })
		if ok {
			h.run.Log[h.record(m)].Aborted = true
			h.want.Produced--
			h.dropTaken(m)
			h.want.Lost = append(h.want.Lost, m)
			h.tear(m)
		}
		return ok
	}},
	{"part of a transaction of unknown outcome gone", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool {
			return h.wrote[m].Outcome == Unknown && h.record(m) >= 0 && h.siblings(m)
		})
		if ok {
			h.dropRecord(m)
			h.dropTaken(m)
			h.want.UnknownPresent = without(h.want.UnknownPresent, m)
			h.want.UnknownAbsent = append(h.want.UnknownAbsent, m)
			h.tear(m)
		}
		return ok
	}},
	{"part of a transaction of unknown outcome there", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool {
			return h.wrote[m].Outcome == Unknown && h.record(m) < 0 && h.siblings(m)
		})
		if ok {
			h.arrive(m)
			h.want.UnknownAbsent = without(h.want.UnknownAbsent, m)
			h.want.UnknownPresent = append(h.want.UnknownPresent, m)
			h.tear(m)
		}
		return ok
	}},
	{"refused, and there", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.wrote[m].Outcome == Refused })
		if ok {
			h.arrive(m)
			h.want.Spurious = append(h.want.Spurious, m)
			h.tear(m)
		}
		return ok
	}},
	{"there, and nobody wrote it", false, func(h *experiment, stream string) bool {
		m := h.invent(stream)
		h.arrive(m)
		h.want.Spurious = append(h.want.Spurious, m)
		return true
	}},
	{"record twice, read twice", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.reading(m) >= 0 })
		if ok {
			h.duplicate(m)
			i := h.reading(m)
			h.run.Reads = slices.Insert(h.run.Reads, i, h.run.Reads[i])
		}
		return ok
	}},
	{"record twice, taken in once", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.record(m) >= 0 })
		if ok {
			h.duplicate(m)
		}
		return ok
	}},
	{"record again at the end, read again", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.reading(m) >= 0 })
		if ok {
			h.copyTo(m, h.run.Log[h.record(m)].Partition)
		}
		return ok
	}},
	{"record again in a partition that has nothing higher", false, func(h *experiment, stream string) bool {
		return h.copyElsewhere(stream, false)
	}},
	{"record again in another partition, behind a higher one", false, func(h *experiment, stream string) bool {
		ok := h.copyElsewhere(stream, true)
		if ok {
			h.want.OutOfOrder = append(h.want.OutOfOrder, h.want.Duplicated[len(h.want.Duplicated)-1])
		}
		return ok
	}},
	{"two records in the wrong order, reads as the log", false, func(h *experiment, stream string) bool {
		i, j := h.neighbours(stream)
		if j < 0 {
			return false
		}
		h.swapTaken(h.run.Log[i].Message, h.run.Log[j].Message)
		h.run.Log[i].Message, h.run.Log[j].Message = h.run.Log[j].Message, h.run.Log[i].Message
		h.want.OutOfOrder = append(h.want.OutOfOrder, h.run.Log[j].Message)
		return true
	}},
	{"read left out", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.reading(m) >= 0 })
		if ok {
			h.dropTaken(m)
			h.want.Missing = append(h.want.Missing, m)
		}
		return ok
	}},
	{"dead letter left out", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return slices.Contains(h.run.DeadLetters, m) })
		if ok {
			h.dropTaken(m)
			h.want.Missing = append(h.want.Missing, m)
		}
		return ok
	}},
	{"read again by a later session", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.reading(m) >= 0 })
		if ok {
			h.readLate(m)
			h.want.Repeated = append(h.want.Repeated, m)
		}
		return ok
	}},
	{"read again by the same session", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.reading(m) >= 0 })
		if ok {
			i := h.reading(m)
			h.run.Reads = slices.Insert(h.run.Reads, i, h.run.Reads[i])
			h.want.Repeated = append(h.want.Repeated, m)
			h.want.Nonmonotonic = append(h.want.Nonmonotonic, m)
		}
		return ok
	}},
	{"session goes back and on from there", true, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.reading(m) >= 0 })
		if ok {
			first := h.reading(m)
			again := h.alongside(first)
			again = again[:1+h.IntN(len(again))]
			var reads []Read
			for _, i := range again {
				reads = append(reads, h.run.Reads[i])
				h.want.Repeated = append(h.want.Repeated, h.run.Reads[i].Message)
			}
			h.run.Reads = slices.Insert(h.run.Reads, again[len(again)-1]+1, reads...)
			h.want.Nonmonotonic = append(h.want.Nonmonotonic, m)
		}
		return ok
	}},
	{"two reads of a session in the wrong order", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool {
			i := h.reading(m)
			return i >= 0 && len(h.alongside(i)) > 1 && h.run.Reads[h.alongside(i)[1]].Stream == stream
		})
		if ok {
			i := h.reading(m)
			j := h.alongside(i)[1]
			h.run.Reads[i], h.run.Reads[j] = h.run.Reads[j], h.run.Reads[i]
			h.want.Nonmonotonic = append(h.want.Nonmonotonic, m)
		}
		return ok
	}},
	{"read, and a dead letter besides", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.record(m) >= 0 })
		if ok {
			h.run.DeadLetters = slices.Insert(h.run.DeadLetters, h.IntN(len(h.run.DeadLetters)+1), m)
			h.want.Repeated = append(h.want.Repeated, m)
		}
		return ok
	}},
	{"ghost read", false, func(h *experiment, stream string) bool {
		i := slices.IndexFunc(h.run.Log, func(r Record) bool { return r.Stream == stream && r.Aborted })
		if i >= 0 {
			h.readAborted(Read{h.run.Log[i].Message, h.owner[0], true})
		}
		return i >= 0
	}},
	{"read what came to nothing", false, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.record(m) < 0 })
		if ok {
			h.readAborted(Read{m, h.owner[0], false})
		}
		return ok
	}},
	{"read what nobody wrote", false, func(h *experiment, stream string) bool {
		h.readAborted(Read{h.invent(stream), h.owner[0], false})
		return true
	}},
	{"dead letter of what nobody wrote", false, func(h *experiment, stream string) bool {
		m := h.invent(stream)
		h.run.DeadLetters = append(h.run.DeadLetters, m)
		h.want.AbortedRead = append(h.want.AbortedRead, m)
		return true
	}},
	{"effects without their commit", true, func(h *experiment, stream string) bool {
		m, ok := h.choose(stream, func(m Message) bool { return h.record(m) >= 0 })
		if ok {
			from := h.run.Log[h.record(m)]
			h.run.Commits[from.Partition] = from.Offset
			if from.Offset == 0 {
				delete(h.run.Commits, from.Partition)
			}
			for _, r := range h.run.Log {
				if r.Partition == from.Partition && r.Offset >= from.Offset && !r.Aborted {
					h.want.Torn = append(h.want.Torn, r.Message.String())
				}
			}
		}
		return ok
	}},
}
