package verdict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"workshop.example/kit/history"
)

// arbitraryHistory makes entries of any bytes, mostly senseless: results without an intent and before it, several of one
// operation, intents twice, clocks that step back. Names and numbers are few, so that they meet.
func arbitraryHistory(data []byte) []history.Entry {
	next := func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b) % n
	}
	steps := []history.Step{
		history.Send, history.Send, history.Show, history.Show, history.Commit, history.Abort, history.Deliver, history.Crash, "dance",
	}
	phases := []history.Phase{
		history.Intent, history.Intent, history.Intent, history.OK, history.OK, history.Failed, history.Unknown, "perhaps",
	}
	var entries []history.Entry
	for len(data) > 0 {
		entries = append(entries, history.Entry{
			At:        time.Unix(1_800_000_000, int64(next(8))*1e9/4).UTC(),
			Session:   string(rune('x' + next(2))),
			Operation: uint64(next(10)),
			Step:      steps[next(len(steps))],
			Phase:     phases[next(len(phases))],
			Subject: history.Subject{
				Stream: []string{"a", "b", "x"}[next(3)], Number: next(5) - 1, Topic: []string{"a", "t", ""}[next(3)],
				Partition: int32(next(3) - 1), Offset: int64(next(6) - 1), Transaction: uint64(max(0, next(6)-3)),
			},
		})
	}
	return entries
}

// compareHistories compares what is gathered of entries, one by one and read from a file, with the reference.
func compareHistories(t *testing.T, entries []history.Entry) {
	t.Helper()
	want := referenceHistories(slices.Clone(entries))
	var file bytes.Buffer
	for i := range entries {
		if err := json.NewEncoder(&file).Encode(entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	lines := file.String()
	streamed := NewHistories()
	if err := history.Each(&file, streamed.Add); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]map[string]Observed{"in memory": OfHistories(entries), "from a file": streamed.Observed()} {
		if reflect.DeepEqual(got, want) {
			continue
		}
		for topic := range want {
			t.Logf("%q got  %s twice %v unread %v", topic, describe(got[topic].Run), got[topic].Twice, got[topic].Unread)
			t.Logf("%q want %s twice %v unread %v", topic, describe(want[topic].Run), want[topic].Twice, want[topic].Unread)
		}
		t.Fatalf("%s: of %d topics %d, of\n%s", name, len(want), len(got), lines)
	}
}

func TestArbitraryHistories(t *testing.T) {
	rng := seeds(t)
	for n := range 5000 {
		r := rng(n)
		data := make([]byte, r.IntN(500))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		compareHistories(t, arbitraryHistory(data))
	}
}

func FuzzHistories(f *testing.F) {
	for n := range 20 {
		f.Add(randomBytes(rand.New(rand.NewPCG(3, uint64(n)))))
	}
	f.Fuzz(func(t *testing.T, data []byte) { compareHistories(t, arbitraryHistory(data)) })
}

// life is one life of a program that writes a history: its steps overlap, and the last may lack their results.
type life struct {
	*rand.Rand
	session    string
	now        time.Time
	operations uint64
	entries    []history.Entry
	open       []history.Entry
}

func (l *life) write(e history.Entry) {
	l.now = l.now.Add(time.Duration(l.IntN(2000)-200) * time.Microsecond) // clocks step back
	e.At = l.now
	l.entries = append(l.entries, e)
}

func (l *life) begin(step history.Step, about history.Subject) {
	l.operations++
	e := history.Entry{Program: "p", Session: l.session, Operation: l.operations, Step: step, Phase: history.Intent, Subject: about}
	l.write(e)
	l.open = append(l.open, e)
}

// end ends one of the operations under way.
func (l *life) end() {
	i := l.IntN(len(l.open))
	e := l.open[i]
	l.open = slices.Delete(l.open, i, i+1)
	e.Phase = []history.Phase{history.OK, history.OK, history.OK, history.OK, history.OK, history.Failed, history.Unknown}[l.IntN(7)]
	if e.Phase == history.OK && e.Step == history.Send {
		e.Partition, e.Offset = int32(e.Number%3), int64(e.Number)
	}
	l.write(e)
}

// plausibleHistories makes files as programs leave them: producers, transactions, consumers that are killed and start
// again, histories that share a file or are given in any order, one of them perhaps twice.
func plausibleHistories(r *rand.Rand) []history.Entry {
	var files [][]history.Entry
	start := time.Unix(1_800_000_000, 0).UTC()
	for n := range 1 + r.IntN(5) {
		l := &life{Rand: r, session: fmt.Sprint("session-", n), now: start.Add(time.Duration(r.IntN(20)) * time.Millisecond)}
		consumes, first := r.IntN(2) == 0, r.IntN(10)
		for number := first; number < first+r.IntN(40); number++ {
			about := history.Subject{Stream: fmt.Sprint("s", number%3), Number: number, Topic: "t", Partition: history.None, Offset: history.None}
			if consumes {
				about.Partition, about.Offset = int32(number%3), int64(number)
				l.operations++
				l.write(history.Entry{Session: l.session, Operation: l.operations, Step: history.Deliver, Phase: history.OK, Subject: about})
				l.begin(history.Show, about)
			} else {
				about.Transaction = uint64(number / 5 % 3)
				l.begin(history.Send, about)
			}
			for len(l.open) > 0 && l.IntN(4) > 0 {
				l.end()
			}
			switch l.IntN(12) {
			case 0:
				l.begin(history.Commit, history.Subject{Topic: "t", Partition: int32(number % 3), Offset: int64(number)})
			case 1:
				l.begin(history.Commit, history.Subject{Partition: history.None, Offset: history.None, Transaction: about.Transaction})
			case 2:
				l.begin(history.Abort, history.Subject{Partition: history.None, Offset: history.None, Transaction: about.Transaction})
			}
		}
		files = append(files, l.entries)
	}
	if r.IntN(3) == 0 {
		files = append(files, files[0])
	}
	r.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	entries := slices.Concat(files...)
	if r.IntN(2) == 0 { // they shared a file
		slices.SortStableFunc(entries, func(a, b history.Entry) int { return a.At.Compare(b.At) })
	}
	return entries
}

func TestPlausibleHistories(t *testing.T) {
	rng := seeds(t)
	clean, faulty, undecided := 0, 0, 0
	for n := range 2000 {
		entries := plausibleHistories(rng(n))
		compareHistories(t, entries)
		for _, o := range OfHistories(entries) {
			v := o.Check()
			if v.Clean() {
				clean++
			} else {
				faulty++
			}
			undecided += len(v.UnknownAbsent) + len(v.UnknownPresent) + len(o.Unread)
		}
	}
	if min(clean, faulty, undecided) < 50 {
		t.Errorf("%d clean, %d faulty, %d messages undecided: too one-sided to test much", clean, faulty, undecided)
	}
}

// What is kept of an operation is what the documentation says.
func TestOperationIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(operation{}); got != 80 {
		t.Errorf("%d bytes an operation, want 80", got)
	}
}

// sentAndShown hands take the history of n messages, five entries each: a producer's and a consumer's.
func sentAndShown(n int, take func(history.Entry)) {
	at := time.Unix(1_800_000_000, 0).UTC()
	step := func(session string, operation int, step history.Step, phase history.Phase, about history.Subject) {
		at = at.Add(time.Microsecond)
		take(history.Entry{At: at, Session: session, Operation: uint64(operation), Step: step, Phase: phase, Subject: about})
	}
	for i := 1; i <= n; i++ {
		sent := history.Subject{Stream: streams[i%len(streams)], Number: i, Topic: "transactions", Partition: history.None, Offset: history.None}
		stored := sent
		stored.Partition, stored.Offset = int32(i%3), int64(i)
		step("producer", i, history.Send, history.Intent, sent)
		step("producer", i, history.Send, history.OK, stored)
		delivered := stored
		delivered.Stream, delivered.Number = "", 0
		step("consumer", 2*i-1, history.Deliver, history.OK, delivered)
		step("consumer", 2*i, history.Show, history.Intent, stored)
		step("consumer", 2*i, history.Show, history.OK, stored)
	}
}

var streams = func() (names [2000]string) {
	for i := range names {
		names[i] = fmt.Sprint(10_000 + i)
	}
	return names
}()

// Of an entry nothing is kept but its share of an operation, and what is kept is allocated in large pieces.
func TestAddAllocatesNothingPerEntry(t *testing.T) {
	const messages = 10_000
	allocated := testing.AllocsPerRun(1, func() { sentAndShown(messages, NewHistories().Add) })
	if limit := 0.05 * messages; allocated > limit {
		t.Errorf("%.0f allocations for %d messages, want %.0f at most", allocated, messages, limit)
	}
}

func BenchmarkHistories(b *testing.B) {
	const messages = 20_000
	b.ReportAllocs()
	for b.Loop() {
		h := NewHistories()
		sentAndShown(messages, h.Add)
		if v := h.Observed()["transactions"].Check(); !v.Clean() || v.Processed != messages {
			b.Fatal("not clean")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/messages/5, "ns/entry")
}
