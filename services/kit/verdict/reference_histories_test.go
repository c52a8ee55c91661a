package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"workshop.example/kit/history"
)

// referenceHistories is OfHistories once more, with all entries in memory, maps of messages and names for keys. It shares
// nothing with Histories.
func referenceHistories(entries []history.Entry) map[string]Observed {
	operations := referenceFold(entries)
	ends := referenceEndings(operations)
	topics := map[string]*referenceTopic{}
	at := func(topic string) *referenceTopic {
		if topics[topic] == nil {
			topics[topic] = &referenceTopic{shown: map[Message]bool{}, stored: map[Message]referencePlace{}, committed: map[int32]int64{}}
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

// referencePlace is where a message stands.
type referencePlace struct {
	partition int32
	offset    int64
}

// referenceTopic collects what is said of one topic.
type referenceTopic struct {
	Observed
	shown     map[Message]bool
	doubtful  []referenceOperation
	stored    map[Message]referencePlace // of acknowledged messages
	committed map[int32]int64            // the last offset of each partition
}

func (t *referenceTopic) write(o referenceOperation, ends map[string]Outcome) {
	w := o.write(ends)
	if _, again := t.stored[w.Message]; again && w.Outcome == Acknowledged {
		t.Twice = append(t.Twice, w.Message)
	}
	if w.Outcome == Acknowledged {
		t.stored[w.Message] = referencePlace{o.result.Partition, o.result.Offset}
	}
	t.Writes = append(t.Writes, w)
}

func (t *referenceTopic) show(o referenceOperation) {
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
func (t *referenceTopic) observed() Observed {
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

// referenceOperation is an intent and its outcome.
type referenceOperation struct {
	intent history.Entry
	result *history.Entry // nil where there is none
}

func (o referenceOperation) message() Message {
	return Message{Stream: o.intent.Stream, Number: o.intent.Number}
}

// phase of the result. An intent without a result is unknown.
func (o referenceOperation) phase() history.Phase {
	if o.result == nil {
		return history.Unknown
	}
	return o.result.Phase
}

func (o referenceOperation) outcome() Outcome {
	return map[history.Phase]Outcome{history.OK: Acknowledged, history.Failed: Refused}[o.phase()]
}

// write is what a send came to. Ends are the ends of the transactions that were to be committed.
func (o referenceOperation) write(ends map[string]Outcome) Write {
	w := Write{Message: o.message(), Outcome: o.outcome()}
	if o.intent.Transaction == 0 {
		return w
	}
	w.Transaction = referenceTransaction(o.intent)
	end, tried := ends[w.Transaction]
	switch {
	case !tried:
		w.Outcome = Refused
	case end != Acknowledged && w.Outcome != Refused:
		w.Outcome = end
	}
	return w
}

func referenceTransaction(e history.Entry) string { return fmt.Sprint(e.Session, "/", e.Transaction) }

// referenceFold puts results to their intents, and the operations in the order of time. Within a session that is
// the order of their numbers, whatever its clock did.
func referenceFold(entries []history.Entry) []referenceOperation {
	key := func(e history.Entry) string { return fmt.Sprint(e.Session, "/", e.Operation) }
	results := map[string]*history.Entry{}
	for i, e := range entries {
		if e.Phase != history.Intent {
			results[key(e)] = &entries[i]
		}
	}
	var operations []referenceOperation
	for _, e := range entries {
		result := results[key(e)]
		switch {
		case e.Phase == history.Intent:
			operations = append(operations, referenceOperation{e, result})
		case e.Step == history.Deliver: // has no intent
			operations = append(operations, referenceOperation{e, result})
		}
	}
	slices.SortStableFunc(operations, func(a, b referenceOperation) int { return cmp.Compare(a.intent.Operation, b.intent.Operation) })
	latest := map[string]time.Time{} // of each session
	for i, o := range operations {
		if at := latest[o.intent.Session]; at.After(o.intent.At) {
			operations[i].intent.At = at
		}
		latest[o.intent.Session] = operations[i].intent.At
	}
	slices.SortStableFunc(operations, func(a, b referenceOperation) int { return a.intent.At.Compare(b.intent.At) })
	return operations
}

// referenceEndings says how each transaction ended that was to be committed.
func referenceEndings(operations []referenceOperation) map[string]Outcome {
	ends := map[string]Outcome{}
	for _, o := range operations {
		id := referenceTransaction(o.intent)
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
