package verdict

import (
	"cmp"
	"slices"

	"workshop.example/kit/history"
)

// Histories gathers the histories of several programs, entry by entry. Of each operation it keeps 80 bytes, and of
// the names of sessions, topics and streams each once.
type Histories struct {
	names      numbers
	operations operations
	open       map[identity]uint32 // operations whose result has not come
	// stray are results that found no open operation: the intent comes later, or not at all, or the operation had a
	// result already. Of several results of an operation the last one counts.
	stray map[identity]answer
}

// NewHistories gathers from nothing.
func NewHistories() *Histories {
	return &Histories{names: numbers{}, open: map[identity]uint32{}, stray: map[identity]answer{}}
}

// Add takes the next entry. Those of a file come in its order, files in any.
func (h *Histories) Add(e history.Entry) {
	session := h.names.of(e.Session)
	id := identity{e.Operation, session}
	if e.Phase != history.Intent {
		h.end(id, &e)
		if e.Step != history.Deliver { // which has no intent
			return
		}
	}
	o := operation{
		number: e.Operation, session: session, step: stepOf(e.Step), partition: e.Partition, offset: e.Offset, message: e.Number,
		stream: h.names.of(e.Stream), topic: h.names.of(e.Topic), transaction: e.Transaction,
	}
	o.begin(e.At)
	if e.Phase != history.Intent {
		o.answer = answerOf(&e)
		h.operations.add(o)
		return
	}
	h.open[id] = h.operations.add(o)
}

// end puts a result to its intent.
func (h *Histories) end(id identity, e *history.Entry) {
	result := answerOf(e)
	i, open := h.open[id]
	if open {
		h.operations.at(i).answer = result
		delete(h.open, id)
	}
	if _, before := h.stray[id]; before || !open && e.Step != history.Deliver {
		h.stray[id] = result
	}
}

// inOrder returns the indices of the operations in the order of time. Within a session that is the order of their
// numbers, whatever its clock did.
func (h *Histories) inOrder() []uint32 {
	order := make([]uint32, h.operations.length)
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int {
		a, b := h.operations.at(i), h.operations.at(j)
		switch {
		case a.session != b.session:
			return cmp.Compare(a.session, b.session)
		case a.number != b.number:
			return cmp.Compare(a.number, b.number)
		}
		return cmp.Compare(i, j)
	})
	h.settle(order)
	h.setClocks(order)
	slices.SortFunc(order, func(i, j uint32) int {
		a, b := h.operations.at(i), h.operations.at(j)
		if c := a.compareTimes(b); c != 0 {
			return c
		}
		if a.number != b.number {
			return cmp.Compare(a.number, b.number)
		}
		return cmp.Compare(i, j)
	})
	return order
}

// settle gives operations of one identity, as of a file that was added twice, one result: the last. The order is that of
// sessions and numbers.
func (h *Histories) settle(order []uint32) {
	for len(order) > 0 {
		id := h.operations.at(order[0]).identity()
		same := 1
		for same < len(order) && h.operations.at(order[same]).identity() == id {
			same++
		}
		result, stray := h.stray[id]
		if !stray && same > 1 {
			for _, i := range order[:same] {
				if a := h.operations.at(i).answer; a.given {
					result = a
				}
			}
		}
		if stray || same > 1 {
			for _, i := range order[:same] {
				h.operations.at(i).answer = result
			}
		}
		order = order[same:]
	}
}

// setClocks sets a clock that has stepped back to the latest time of its session. The order is that of sessions and
// numbers.
func (h *Histories) setClocks(order []uint32) {
	for at := 1; at < len(order); at++ {
		before, o := h.operations.at(order[at-1]), h.operations.at(order[at])
		if o.session == before.session && before.compareTimes(o) > 0 {
			o.seconds, o.nanoseconds = before.seconds, before.nanoseconds
		}
	}
}

// endings says how each transaction ended that was to be committed.
func (h *Histories) endings(order []uint32) map[identity]Outcome {
	ends := map[identity]Outcome{}
	for _, i := range order {
		o := h.operations.at(i)
		if o.transaction == 0 {
			continue
		}
		id := o.transactionID()
		switch end, tried := ends[id]; {
		case o.step == commit:
			ends[id] = o.outcome()
		case o.step == abort && o.outcome() == Acknowledged && tried && end == Unknown:
			ends[id] = Refused
		}
	}
	return ends
}
