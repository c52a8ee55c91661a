package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"workshop.example/kit/history"
)

// OfHistories returns what the histories of several programs say of each topic that messages were sent
// to or shown from: writes with their outcomes, and lines as reads. The log was not observed.
//
// A transaction decides about its sends: they are acknowledged when its commit is, and refused when it
// is aborted, or was never to be committed: without that intent nobody can have made it. A line whose result is missing may be on the screen or not. It gets the benefit of the
// doubt: it counts as shown where the message was not shown otherwise, and not at all where it was, so
// that no fault is found that perhaps was none.
func OfHistories(entries []history.Entry) map[string]Run {
	operations, ends := fold(entries)
	runs := map[string]*Run{}
	at := func(topic string) *Run {
		if runs[topic] == nil {
			runs[topic] = &Run{Writes: []Write{}}
		}
		return runs[topic]
	}
	shown := map[string]map[Message]bool{}
	var doubtful []operation
	for _, o := range operations {
		if o.intent.Number == 0 { // a dead letter, of which nobody knows what it was to be
			continue
		}
		message := Message{Stream: o.intent.Stream, Number: o.intent.Number}
		switch o.intent.Step {
		case history.Send:
			at(o.intent.Topic).Writes = append(at(o.intent.Topic).Writes, o.write(message, ends))
		case history.Show:
			run := at(o.intent.Topic)
			if shown[o.intent.Topic] == nil {
				shown[o.intent.Topic] = map[Message]bool{}
				run.Reads = []Read{}
			}
			if o.result != history.OK {
				doubtful = append(doubtful, o)
				continue
			}
			shown[o.intent.Topic][message] = true
			run.Reads = append(run.Reads, Read{Message: message, Session: o.intent.Session})
		}
	}
	for _, o := range doubtful {
		message := Message{Stream: o.intent.Stream, Number: o.intent.Number}
		if !shown[o.intent.Topic][message] {
			// A session of its own: where among the others it came is not known either.
			at(o.intent.Topic).Reads = append(at(o.intent.Topic).Reads, Read{Message: message, Session: o.intent.Session + "?" + message.String()})
		}
	}
	all := map[string]Run{}
	for topic, run := range runs {
		all[topic] = *run
	}
	return all
}

// operation is an intent and what became of it.
type operation struct {
	intent history.Entry
	result history.Phase // Unknown where there is none
}

// write is what a send came to. Ends are the ends of the transactions that were to be committed.
func (o operation) write(m Message, ends map[string]Outcome) Write {
	w := Write{Message: m, Outcome: map[history.Phase]Outcome{history.OK: Acknowledged, history.Failed: Refused}[o.result]}
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

// fold puts results to their intents, in the order of time, and says how each transaction ended.
func fold(entries []history.Entry) (operations []operation, ends map[string]Outcome) {
	sorted := slices.SortedStableFunc(slices.Values(entries), func(a, b history.Entry) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	index := map[string]int{}
	for _, e := range sorted {
		key := fmt.Sprint(e.Session, "/", e.Operation)
		if i, ok := index[key]; ok {
			operations[i].result = e.Phase
			continue
		}
		index[key] = len(operations)
		o := operation{intent: e, result: history.Unknown}
		if e.Phase != history.Intent { // a step without an intent, such as a delivery
			o.result = e.Phase
		}
		operations = append(operations, o)
	}
	ends = map[string]Outcome{}
	for _, o := range operations {
		id := transaction(o.intent)
		switch {
		case o.intent.Transaction == 0:
		case o.intent.Step == history.Commit:
			ends[id] = map[history.Phase]Outcome{history.OK: Acknowledged, history.Failed: Refused}[o.result]
		case o.intent.Step == history.Abort && o.result == history.OK && ends[id] == Unknown:
			ends[id] = Refused
		}
	}
	return operations, ends
}
