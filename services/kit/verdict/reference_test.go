package verdict

import (
	"reflect"
	"slices"
	"testing"
)

// reference is Check once more, word for word from the comments of Verdict, one message after the
// other and each time through everything. It is slow, and shares nothing with Check.
func reference(run Run) Verdict {
	var v Verdict
	log := run.Log
	if log == nil {
		log = referenceLog(run)
	}
	for _, m := range mentioned(run) {
		records, settled := slices.DeleteFunc(slices.Clone(log), func(r Record) bool { return r.Message != m || r.Aborted }), 0
		read := 0
		for _, r := range run.Reads {
			if r.Message == m && r.Aborted {
				v.AbortedRead = append(v.AbortedRead, m)
			} else if r.Message == m {
				read++
			}
		}
		for _, letter := range run.DeadLetters {
			if letter == m {
				settled++
			}
		}
		taken, there := read+settled, len(records) > 0
		write, written := referenceWrite(run, m)
		unknown := written && write.Outcome == Unknown && (run.Log != nil || run.Reads != nil)
		add := func(list *[]Message, times int) {
			for range times {
				*list = append(*list, m)
			}
		}
		once := func(list *[]Message, is bool) {
			if is {
				*list = append(*list, m)
			}
		}
		if there {
			v.Produced++
			add(&v.Duplicated, len(records)-1)
			add(&v.Repeated, taken-len(records))
			if read > 0 {
				v.Processed++
			}
		} else {
			add(&v.AbortedRead, taken)
		}
		once(&v.Lost, written && write.Outcome == Acknowledged && !there)
		once(&v.Spurious, there && run.Writes != nil && (!written || write.Outcome == Refused))
		once(&v.Missing, there && run.Reads != nil && taken == 0)
		once(&v.UnknownPresent, unknown && there)
		once(&v.UnknownAbsent, unknown && !there)

		committed := 0
		for _, r := range records {
			if end, ok := run.Commits[r.Partition]; ok && r.Offset < end {
				committed++
			}
		}
		if run.Log != nil && run.Commits != nil && min(taken, len(records)) > committed {
			v.Torn = append(v.Torn, m.String())
		}
	}
	v.OutOfOrder = referenceOrder(log)
	v.Nonmonotonic = referenceReads(run, log)
	v.Torn = append(v.Torn, referenceTransactions(run)...)
	return v
}

// mentioned is every message of the run, once.
func mentioned(run Run) []Message {
	var all []Message
	for _, w := range run.Writes {
		all = append(all, w.Message)
	}
	for _, r := range run.Log {
		all = append(all, r.Message)
	}
	for _, r := range run.Reads {
		all = append(all, r.Message)
	}
	all = append(all, run.DeadLetters...)
	var once []Message
	for _, m := range all {
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

func referenceLog(run Run) []Record {
	var streams []string
	var log []Record
	for _, m := range mentioned(run) {
		write, written := referenceWrite(run, m)
		if !slices.Contains(streams, m.Stream) {
			streams = append(streams, m.Stream)
		}
		if written && write.Outcome == Acknowledged || slices.Contains(run.DeadLetters, m) ||
			slices.ContainsFunc(run.Reads, func(r Read) bool { return r.Message == m && !r.Aborted }) {
			log = append(log, Record{Message: m, Partition: int32(slices.Index(streams, m.Stream))})
		}
	}
	slices.SortFunc(log, func(a, b Record) int { return a.Number - b.Number })
	return log
}

// referenceWrite is the last of the message's writes of the highest outcome.
func referenceWrite(run Run, m Message) (Write, bool) {
	for _, outcome := range []Outcome{Acknowledged, Unknown, Refused} {
		for _, w := range slices.Backward(run.Writes) {
			if w.Message == m && w.Outcome == outcome {
				return w, true
			}
		}
	}
	return Write{}, false
}

func referenceOrder(log []Record) []Message {
	var found []Message
	for i, r := range log {
		behind, again := false, false
		for _, before := range log[:i] {
			same := before.Partition == r.Partition && !before.Aborted
			behind = behind || same && before.Stream == r.Stream && before.Number > r.Number
			again = again || same && before.Message == r.Message
		}
		if behind && !again && !r.Aborted {
			found = append(found, r.Message)
		}
	}
	return found
}

func referenceReads(run Run, log []Record) []Message {
	var found []Message
	for i, r := range run.Reads {
		// Where the session is in the message's partition, told anew from its first read on.
		position, back := -1, false
		at, partition, ok := copies(log, r)
		for _, earlier := range run.Reads[:i+1] {
			its, p, single := copies(log, earlier)
			if !ok || !single || p != partition || earlier.Session != r.Session {
				continue
			}
			ahead := slices.IndexFunc(its, func(at int) bool { return at > position })
			back = ahead < 0
			position = its[max(ahead, 0)]
		}
		if back && len(at) > 0 {
			found = append(found, r.Message)
		}
	}
	return found
}

// copies is where a read message is in the log, and false where that is nowhere or in two partitions.
func copies(log []Record, r Read) (at []int, partition int32, ok bool) {
	for i, record := range log {
		if record.Message != r.Message || record.Aborted || r.Aborted {
			continue
		}
		if len(at) > 0 && record.Partition != partition {
			return nil, 0, false
		}
		at, partition = append(at, i), record.Partition
	}
	return at, partition, len(at) > 0
}

func referenceTransactions(run Run) []string {
	var torn []string
	for _, w := range run.Writes {
		there, absent := 0, 0
		for _, m := range mentioned(run) {
			if write, ok := referenceWrite(run, m); !ok || write.Transaction != w.Transaction {
				continue
			}
			if slices.ContainsFunc(run.Log, func(r Record) bool { return r.Message == m && !r.Aborted }) {
				there++
			} else {
				absent++
			}
		}
		if run.Log != nil && w.Transaction != "" && there > 0 && absent > 0 && !slices.Contains(torn, w.Transaction) {
			torn = append(torn, w.Transaction)
		}
	}
	return torn
}

// checkInvariants is what holds for the verdict of every run.
func checkInvariants(t *testing.T, run Run, v Verdict) {
	t.Helper()
	letters := 0 // in the log, and only dead letters
	records := 0
	for _, r := range run.Log {
		if !r.Aborted {
			records++
		}
	}
	for i, m := range run.DeadLetters {
		there := run.Log == nil || slices.ContainsFunc(run.Log, func(r Record) bool { return r.Message == m && !r.Aborted })
		read := slices.ContainsFunc(run.Reads, func(r Read) bool { return r.Message == m && !r.Aborted })
		if there && !read && !slices.Contains(run.DeadLetters[:i], m) {
			letters++
		}
	}
	if run.Reads != nil && v.Produced != v.Processed+len(v.Missing)+letters {
		t.Errorf("produced %d, want processed %d + missing %d + dead letters %d", v.Produced, v.Processed, len(v.Missing), letters)
	}
	if run.Log != nil && v.Produced != records-len(v.Duplicated) {
		t.Errorf("produced %d, want committed records %d - duplicated %d", v.Produced, records, len(v.Duplicated))
	}
	faults := v
	faults.Produced, faults.Processed, faults.UnknownAbsent, faults.UnknownPresent = 0, 0, nil, nil
	if got, want := v.Clean(), reflect.DeepEqual(faults, Verdict{}); got != want {
		t.Errorf("clean %v, want %v", got, want)
	}
}
