package verdict

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// experiment is a run made at random, in which all goes well, with the verdict it deserves. Damage changes
// both. What is wanted is counted while the run is made, never found by looking at it.
type experiment struct {
	*rand.Rand
	run  Run
	want Verdict

	keyed  map[string]int32     // the partition of a stream; of one that is not here every partition has a part
	last   map[string]int       // the highest number of a stream, written or not
	wrote  map[Message]Write    // the write that counts
	inside map[string][]Message // of each transaction
	end    []int64              // of each partition: the next offset
	owner  []string
	lives  int // sessions, and whatever else needs a name
}

// stride leaves room between the offsets, for records that damage puts in.
const stride = 10

// newExperiment makes up to 60 writes of up to 5 streams to up to 3 partitions, and reads all that they
// come to. Keyed: every stream is in one partition.
func newExperiment(rng *rand.Rand, keyed bool) *experiment {
	h := &experiment{
		Rand:   rng,
		keyed:  map[string]int32{},
		last:   map[string]int{},
		wrote:  map[Message]Write{},
		inside: map[string][]Message{},
		end:    make([]int64, 1+rng.IntN(3)),
	}
	h.run = Run{Writes: []Write{}, Log: []Record{}, Reads: []Read{}, DeadLetters: []Message{}, Commits: map[int32]int64{}}
	var streams []string
	for i := range 1 + h.IntN(5) {
		s := fmt.Sprint("match-", i)
		streams = append(streams, s)
		if keyed || h.one(2) {
			h.keyed[s] = int32(h.IntN(len(h.end)))
		}
		h.last[s] = h.IntN(3) - 1 // numbers may start anywhere
	}
	for range h.IntN(60) {
		h.produce(streams[h.IntN(len(streams))])
	}
	h.consume()
	for p, end := range h.end {
		if end > 0 {
			h.run.Commits[int32(p)] = end - int64(h.IntN(stride)) // behind the last record: a marker may follow
		}
	}
	return h
}

// one is true once in n.
func (h *experiment) one(n int) bool { return h.IntN(n) == 0 }

func (h *experiment) name(of string) string {
	h.lives++
	return fmt.Sprint(of, "-", h.lives)
}

func (h *experiment) partition(stream string) int32 {
	if p, ok := h.keyed[stream]; ok {
		return p
	}
	return int32(h.IntN(len(h.end)))
}

// produce sends one message, or a transaction of up to four.
func (h *experiment) produce(stream string) {
	size, transaction := 1, ""
	if h.one(3) {
		size, transaction = 1+h.IntN(4), h.name("transaction")
	}
	outcome, there := Acknowledged, true
	switch h.IntN(10) {
	case 0:
		outcome, there = Refused, false
	case 1:
		outcome, there = Unknown, false
	case 2:
		outcome = Unknown
	}
	for range size {
		h.last[stream] += 1 + h.IntN(2)*h.IntN(4)
		m := Message{stream, h.last[stream]}
		if h.one(8) { // the ghost of a goal, aborted
			h.run.Writes = append(h.run.Writes, Write{m, Refused, h.name("ghost")})
			h.append(m, true)
		}
		if h.one(8) { // a first try, refused
			h.run.Writes = append(h.run.Writes, Write{m, Refused, ""})
		}
		w := Write{m, outcome, transaction}
		h.wrote[m] = w
		h.run.Writes = append(h.run.Writes, w)
		if there || transaction != "" && h.one(2) {
			h.append(m, !there)
		}
		h.resolve(outcome, there, m)
		if transaction != "" {
			h.inside[transaction] = append(h.inside[transaction], m)
		}
	}
}

// resolve notes what the verdict will say of a write.
func (h *experiment) resolve(outcome Outcome, there bool, m Message) {
	if there {
		h.want.Produced++
	}
	switch {
	case outcome != Unknown:
	case there:
		h.want.UnknownPresent = append(h.want.UnknownPresent, m)
	default:
		h.want.UnknownAbsent = append(h.want.UnknownAbsent, m)
	}
}

func (h *experiment) append(m Message, aborted bool) {
	p := h.partition(m.Stream)
	h.run.Log = append(h.run.Log, Record{m, p, h.end[p], aborted})
	h.end[p] += stride
}

// consume reads the partitions in any alternation. Their owners change: some die and start again, some
// hand a partition over to one that had it before. Some messages become dead letters.
func (h *experiment) consume() {
	unread := make([][]Message, len(h.end))
	for _, r := range h.run.Log {
		if !r.Aborted {
			unread[r.Partition] = append(unread[r.Partition], r.Message)
		}
	}
	members := []string{h.name("session"), h.name("session")}
	for range h.end {
		h.owner = append(h.owner, members[h.IntN(2)])
	}
	for left := h.want.Produced; left > 0; {
		p := h.IntN(len(h.end))
		if len(unread[p]) == 0 {
			continue
		}
		if h.one(10) {
			i := h.IntN(2)
			if h.one(2) {
				members[i] = h.name("session")
			}
			h.owner[p] = members[i]
		}
		m := unread[p][0]
		unread[p] = unread[p][1:]
		left--
		if h.one(15) {
			h.run.DeadLetters = append(h.run.DeadLetters, m)
			continue
		}
		h.run.Reads = append(h.run.Reads, Read{m, h.owner[p], false})
		h.want.Processed++
	}
}

// record is where the message's first committed record is in the log, or -1.
func (h *experiment) record(m Message) int {
	return slices.IndexFunc(h.run.Log, func(r Record) bool { return r.Message == m && !r.Aborted })
}

// reading is where the message was first read, or -1. Clean runs have no reads of aborted records.
func (h *experiment) reading(m Message) int {
	return slices.IndexFunc(h.run.Reads, func(r Read) bool { return r.Message == m })
}

// choose draws one of the stream's messages for which ok holds; false if there is none.
func (h *experiment) choose(stream string, ok func(Message) bool) (Message, bool) {
	var from []Message
	for _, w := range h.run.Writes {
		if w.Stream == stream && w == h.wrote[w.Message] && ok(w.Message) {
			from = append(from, w.Message)
		}
	}
	if len(from) == 0 {
		return Message{}, false
	}
	return from[h.IntN(len(from))], true
}
