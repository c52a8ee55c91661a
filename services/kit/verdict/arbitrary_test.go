package verdict

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// arbitrary makes a run of any bytes, mostly senseless and full of faults. The first byte says what was
// observed. Messages are few, so that they meet.
func arbitrary(data []byte) Run {
	next := func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b) % n
	}
	var run Run
	for _, observe := range []func(){
		func() { run.Writes = []Write{} },
		func() { run.Log = []Record{} },
		func() { run.Reads = []Read{} },
		func() { run.DeadLetters = []Message{} },
		func() { run.Commits = map[int32]int64{} },
	} {
		if next(4) > 0 {
			observe()
		}
	}
	var ends [3]int64
	for len(data) > 0 {
		kind := next(8)
		m := Message{string(rune('a' + next(2))), next(6)}
		switch {
		case kind < 2 && run.Writes != nil:
			w := Write{m, Outcome(next(3) - 1), ""}
			if i := next(4); i > 0 {
				w.Transaction = fmt.Sprint("transaction-", i)
			}
			run.Writes = append(run.Writes, w)
		case kind < 4 && run.Log != nil:
			p := next(3)
			run.Log = append(run.Log, Record{m, int32(p), ends[p], next(4) == 0})
			ends[p] += 1 + int64(next(2))
		case kind < 6 && run.Reads != nil:
			run.Reads = append(run.Reads, Read{m, fmt.Sprint("session-", next(2)), next(6) == 0})
		case kind == 6 && run.DeadLetters != nil:
			run.DeadLetters = append(run.DeadLetters, m)
		case kind == 7 && run.Commits != nil:
			run.Commits[int32(next(3))] = int64(next(8))
		}
	}
	return run
}

func randomBytes(rng *rand.Rand) []byte {
	data := make([]byte, rng.IntN(200))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// judge checks one run in every way that needs no knowledge of it.
func judge(t *testing.T, rng *rand.Rand, run Run) {
	t.Helper()
	before := describe(run)
	want := reference(run)
	compare(t, "against the reference", run, want)
	checkInvariants(t, run, Check(run))
	if !reflect.DeepEqual(Check(run), Check(run)) {
		t.Error("the same run has got two verdicts")
	}
	if after := describe(run); after != before {
		t.Errorf("Check has changed the run to %s", after)
	}

	// Partitions may come in any alternation, sessions too.
	run.Log = shuffle(rng, run.Log, func(r Record) any { return r.Partition })
	run.Reads = shuffle(rng, run.Reads, func(r Read) any { return r.Session })
	compare(t, "in another alternation", run, want)
	if t.Failed() {
		t.Fatalf("of %s", before)
	}
}

func TestArbitraryRuns(t *testing.T) {
	rng := seeds(t)
	for n := range 5000 {
		r := rng(n)
		judge(t, r, arbitrary(randomBytes(r)))
	}
}

func FuzzCheck(f *testing.F) {
	for n := range 20 {
		f.Add(randomBytes(rand.New(rand.NewPCG(1, uint64(n)))))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 2000 {
			return // the reference takes the square of it
		}
		judge(t, rand.New(rand.NewPCG(2, 0)), arbitrary(data))
	})
}

// shuffle deals the elements anew, but those of one lane in their order. nil stays nil.
func shuffle[T any](rng *rand.Rand, list []T, lane func(T) any) []T {
	var order []any
	lanes := map[any][]T{}
	for _, x := range list {
		order = append(order, lane(x))
		lanes[lane(x)] = append(lanes[lane(x)], x)
	}
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	dealt := slices.Clone(list)[:0]
	for _, l := range order {
		dealt = append(dealt, lanes[l][0])
		lanes[l] = lanes[l][1:]
	}
	return dealt
}

// describe writes a run a line an observation; fmt alone would give only the embedded messages.
func describe(run Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "writes %t log %t reads %t dead letters %t\n",
		run.Writes != nil, run.Log != nil, run.Reads != nil, run.DeadLetters != nil)
	for _, w := range run.Writes {
		fmt.Fprintln(&b, "write", w.Message, w.Outcome, w.Transaction)
	}
	for _, r := range run.Log {
		fmt.Fprintln(&b, "record", r.Message, "partition", r.Partition, "offset", r.Offset, "aborted", r.Aborted)
	}
	for _, r := range run.Reads {
		fmt.Fprintln(&b, "read", r.Message, r.Session, "aborted", r.Aborted)
	}
	fmt.Fprintln(&b, "dead letters", run.DeadLetters, "commits", run.Commits)
	return b.String()
}
