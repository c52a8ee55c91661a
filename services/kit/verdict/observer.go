package verdict

import "fmt"

// Observed returns what the histories say of each topic that messages were sent to or shown from: writes with their
// outcomes, and lines as reads. The log was not observed. Call it once, after the last Add.
//
// A transaction decides about its sends: they are acknowledged when its commit is, and refused when it
// is aborted, or was never to be committed: without that intent nobody can have made it.
//
// A line whose result is missing may be on the screen or not. It gets the benefit of the doubt: it
// counts as shown where the message was not shown otherwise, and not at all where it was, so that no
// fault is found that perhaps was none.
func (h *Histories) Observed() map[string]Observed {
	order := h.inOrder()
	ends := h.endings(order)
	topics := h.observers(order)
	for _, i := range order {
		o := h.operations.at(i)
		t := topics[o.topic]
		switch {
		case t == nil:
		case o.step == commit && o.offset >= 0:
			if o.outcome() != Refused { // one without an answer may be in force
				t.committed[o.partition] = o.offset
			}
		case o.message == 0: // a dead letter, of which nobody knows what it was to be
		case o.step == send:
			t.write(o, ends)
		case o.step == show:
			t.show(o)
		}
	}
	*h = Histories{} // its memory is wanted
	all := map[string]Observed{}
	for topic, t := range topics {
		all[t.texts[topic]] = t.observed()
	}
	return all
}

// observer collects what is said of one topic.
type observer struct {
	Observed
	texts     []string        // of all names
	stored    []place         // of each write, as far as it was acknowledged; only where there are reads
	doubtful  []Read          // lines without a result
	committed map[int32]int64 // the last offset of each partition
}

// place is where a message stands.
type place struct {
	offset    int64
	partition int32
}

// observers makes an observer, with room for all that it will collect, for each topic that messages were sent to or
// shown from.
func (h *Histories) observers(order []uint32) map[uint32]*observer {
	texts := make([]string, len(h.names))
	for name, i := range h.names {
		texts[i] = name
	}
	sends, shows := make(map[uint32]int), make(map[uint32]int)
	for _, i := range order {
		switch o := h.operations.at(i); {
		case o.message == 0:
		case o.step == send:
			sends[o.topic]++
		case o.step == show:
			shows[o.topic]++
		}
	}
	topics := make(map[uint32]*observer)
	for topic := range sends {
		topics[topic] = &observer{texts: texts, committed: map[int32]int64{}}
	}
	for topic, n := range shows {
		topics[topic] = &observer{texts: texts, committed: map[int32]int64{}}
		topics[topic].Reads = make([]Read, 0, n)
		topics[topic].stored = make([]place, 0, sends[topic])
	}
	for topic, t := range topics {
		t.Writes = make([]Write, 0, sends[topic])
	}
	return topics
}

func (t *observer) messageOf(o *operation) Message { return Message{t.texts[o.stream], o.message} }

// write takes a send. Ends are the ends of the transactions that were to be committed.
func (t *observer) write(o *operation, ends map[identity]Outcome) {
	w := Write{Message: t.messageOf(o), Outcome: o.outcome()}
	if o.transaction != 0 {
		w.Transaction = fmt.Sprint(t.texts[o.session], "/", o.transaction)
		end, tried := ends[o.transactionID()]
		switch {
		case !tried:
			w.Outcome = Refused
		case end != Acknowledged && w.Outcome != Refused:
			w.Outcome = end
		}
	}
	t.Writes = append(t.Writes, w)
	if t.Reads != nil {
		t.stored = append(t.stored, place{o.answer.offset, o.answer.partition})
	}
}

func (t *observer) show(o *operation) {
	r := Read{Message: t.messageOf(o), Session: t.texts[o.session]}
	if o.outcome() == Acknowledged {
		t.Reads = append(t.Reads, r)
	} else {
		t.doubtful = append(t.doubtful, r)
	}
}

// observed settles what only the whole of the histories can.
func (t *observer) observed() Observed {
	names := newCatalog(len(t.Writes) + len(t.Reads) + len(t.doubtful))
	for i := range t.Writes {
		names.add(t.Writes[i].Message)
	}
	for i := range t.Reads {
		names.add(t.Reads[i].Message)
	}
	for i := range t.doubtful {
		names.add(t.doubtful[i].Message)
	}
	l := names.number()
	writes := l.next(len(t.Writes))
	last := t.findTwice(make([]uint32, len(l.messages)), writes)
	if t.Reads != nil {
		shown := t.decideDoubtful(make([]bool, len(l.messages)), l.ids)
		t.setUnreadAside(last, shown, writes)
	}
	return t.Observed
}

// findTwice fills last: for each message the last acknowledged write, counted from 1.
func (t *observer) findTwice(last []uint32, writes []uint32) []uint32 {
	for i, message := range writes {
		if t.Writes[i].Outcome != Acknowledged {
			continue
		}
		if last[message] > 0 {
			t.Twice = append(t.Twice, t.Writes[i].Message)
		}
		last[message] = uint32(i + 1)
	}
	return last
}

// decideDoubtful fills shown, for each message.
func (t *observer) decideDoubtful(shown []bool, shows []uint32) []bool {
	certain := len(t.Reads)
	for _, message := range shows[:certain] {
		shown[message] = true
	}
	for i, message := range shows[certain:] {
		if shown[message] {
			continue
		}
		shown[message] = true
		// A session of its own: where among the others it came is not known either.
		r := t.doubtful[i]
		r.Session += "?" + r.Message.String()
		t.Reads = append(t.Reads, r)
	}
	return shown
}

// setUnreadAside takes what nobody has got to from the writes.
func (t *observer) setUnreadAside(last []uint32, shown []bool, writes []uint32) {
	kept := t.Writes[:0]
	for i, w := range t.Writes {
		if w.Outcome == Acknowledged && !shown[writes[i]] {
			stored := t.stored[last[writes[i]]-1]
			if stored.offset >= t.committed[stored.partition] {
				t.Unread = append(t.Unread, w.Message)
				continue
			}
		}
		kept = append(kept, w)
	}
	clear(t.Writes[len(kept):])
	t.Writes = kept
}
