package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/history"
)

// Observed is what histories say of one topic.
type Observed struct {
	Run
	// Unread are messages that nobody has got to: acknowledged at or behind the offset that the topic's
	// group has committed last. They are not among the writes, since they are not missing yet.
	Unread []Message
	// Twice are messages that were acknowledged again, in whatever way they came to be sent again.
	Twice []Message
}

// Check judges the run. A message that was acknowledged twice is in the log twice.
func (o Observed) Check() Verdict {
	v := Check(o.Run)
	v.Duplicated = append(v.Duplicated, o.Twice...)
	return v
}

// OfHistories returns what the histories of several programs say of each topic that messages were sent
// to or shown from: writes with their outcomes, and lines as reads. The log was not observed.
//
// A transaction decides about its sends: they are acknowledged when its commit is, and refused when it
// is aborted, or was never to be committed: without that intent nobody can have made it.
//
// A line whose result is missing may be on the screen or not. It gets the benefit of the doubt: it
// counts as shown where the message was not shown otherwise, and not at all where it was, so that no
// fault is found that perhaps was none.
func OfHistories(entries []history.Entry) map[string]Observed {
	operations := fold(entries)
	ends := endings(operations)
	topics := map[string]*observer{}
	at := func(topic string) *observer {
		if topics[topic] == nil {
			topics[topic] = &observer{shown: map[Message]bool{}, stored: map[Message]place{}, committed: map[int32]int64{}}
			topics[topic].Writes = []Write{}
		}
		return topics[topic]
	}
	for _, o := range operations {
		switch {
		case o.intent.Step == history.Commit && o.intent.Offset >= 0:
			if o.phase() != history.Failed { // one without an answer may be in force
				at(o.intent.Topic).committed[o.intent.Partition] = o.intent.Offset
			}
		case o.intent.Number == 0: // a dead letter, of which nobody knows what it was to be
		case o.intent.Step == history.Send:
			at(o.intent.Topic).write(o, ends)
		case o.intent.Step == history.Show:
			at(o.intent.Topic).show(o)
		}
	}
	all := map[string]Observed{}
	for topic, t := range topics {
		if len(t.Writes)+len(t.Reads)+len(t.doubtful) > 0 {
			all[topic] = t.observed()
		}
	}
	return all
}

// place is where a message stands.
type place struct {
	partition int32
	offset    int64
}

// observer collects what is said of one topic.
type observer struct {
	Observed
	shown     map[Message]bool
	doubtful  []operation
	stored    map[Message]place // of acknowledged messages
	committed map[int32]int64   // the last offset of each partition
}

func (t *observer) write(o operation, ends map[string]Outcome) {
	w := o.write(ends)
	if _, again := t.stored[w.Message]; again && w.Outcome == Acknowledged {
		t.Twice = append(t.Twice, w.Message)
	}
	if w.Outcome == Acknowledged {
		t.stored[w.Message] = place{o.result.Partition, o.result.Offset}
	}
	t.Writes = append(t.Writes, w)
}

func (t *observer) show(o operation) {
	if t.Reads == nil {
		t.Reads = []Read{}
	}
	if o.phase() != history.OK {
		t.doubtful = append(t.doubtful, o)
		return
	}
	t.shown[o.message()] = true
	t.Reads = append(t.Reads, Read{Message: o.message(), Session: o.intent.Session})
}

// observed settles what only the whole of the histories can.
func (t *observer) observed() Observed {
	for _, o := range t.doubtful {
		if m := o.message(); !t.shown[m] {
			t.shown[m] = true
			// A session of its own: where among the others it came is not known either.
			t.Reads = append(t.Reads, Read{Message: m, Session: o.intent.Session + "?" + m.String()})
		}
	}
	if t.Reads == nil {
		return t.Observed
	}
	t.Writes = slices.DeleteFunc(t.Writes, func(w Write) bool {
		at, stored := t.stored[w.Message]
		if !stored || w.Outcome != Acknowledged || t.shown[w.Message] || at.offset < t.committed[at.partition] {
			return false
		}
		t.Unread = append(t.Unread, w.Message)
		return true
	})
	return t.Observed
}

// operation is an intent and its outcome.
type operation struct {
	intent history.Entry
	result *history.Entry // nil where there is none
}

func (o operation) message() Message {
	return Message{Stream: o.intent.Stream, Number: o.intent.Number}
}

// phase of the result. An intent without a result is unknown.
func (o operation) phase() history.Phase {
	if o.result == nil {
		return history.Unknown
	}
	return o.result.Phase
}

func (o operation) outcome() Outcome {
	return map[history.Phase]Outcome{history.OK: Acknowledged, history.Failed: Refused}[o.phase()]
}

// write is what a send came to. Ends are the ends of the transactions that were to be committed.
func (o operation) write(ends map[string]Outcome) Write {
	w := Write{Message: o.message(), Outcome: o.outcome()}
	if o.intent.Transaction == 0 {
		return w
	}
	w.Transaction = transaction(o.intent)
	end, tried := ends[w.Transaction]
	switch {
	case !tried:
		w.Outcome = Refused
	case end != Acknowledged && w.Outcome != Refused:
		w.Outcome = end
	}
	return w
}

func transaction(e history.Entry) string { return fmt.Sprint(e.Session, "/", e.Transaction) }

// fold puts results to their intents, and the operations in the order of time. Within a session that is
// the order of their numbers, whatever its clock did.
func fold(entries []history.Entry) []operation {
	key := func(e history.Entry) string { return fmt.Sprint(e.Session, "/", e.Operation) }
	results := map[string]*history.Entry{}
	for i, e := range entries {
		if e.Phase != history.Intent {
			results[key(e)] = &entries[i]
		}
	}
	var operations []operation
	for _, e := range entries {
		result := results[key(e)]
		switch {
		case e.Phase == history.Intent:
			operations = append(operations, operation{e, result})
		case e.Step == history.Deliver: // has no intent
			operations = append(operations, operation{e, result})
		}
	}
	slices.SortStableFunc(operations, func(a, b operation) int { return cmp.Compare(a.intent.Operation, b.intent.Operation) })
	latest := map[string]time.Time{} // of each session
	for i, o := range operations {
		if at := latest[o.intent.Session]; at.After(o.intent.At) {
			operations[i].intent.At = at
		}
		latest[o.intent.Session] = operations[i].intent.At
	}
	slices.SortStableFunc(operations, func(a, b operation) int { return a.intent.At.Compare(b.intent.At) })
	return operations
}

// endings says how each transaction ended that was to be committed.
func endings(operations []operation) map[string]Outcome {
	ends := map[string]Outcome{}
	for _, o := range operations {
		id := transaction(o.intent)
		end, tried := ends[id]
		switch {
		case o.intent.Transaction == 0:
		case o.intent.Step == history.Commit:
			ends[id] = o.outcome()
		case o.intent.Step == history.Abort && o.phase() == history.OK && tried && end == Unknown:
			ends[id] = Refused
		}
	}
	return ends
}
