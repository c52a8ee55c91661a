package history

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// calls is a file that keeps what each write call has written.
type calls struct{ texts []string }

func (c *calls) Write(text []byte) (int, error) {
	c.texts = append(c.texts, string(text))
	return len(text), nil
}

func (c *calls) Close() error { return nil }

// phases are the operations and phases of lines.
func phases(t *testing.T, text string) string {
	t.Helper()
	entries, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprint(e.Operation, " ", e.Phase))
	}
	return strings.Join(all, ", ")
}

// A batch is one write call, and not before Flush; everything else is one at once.
func TestBatchIsOneWriteCall(t *testing.T) {
	file := &calls{}
	r := &Recorder{program: "p", session: "s", file: file, fail: func(err error) { t.Error(err) }}
	intents, outcomes := r.Batch(), r.Batch()
	began := time.Now()
	first, second, third := intents.Begin(Send, Subject{}), intents.Begin(Send, Subject{}), intents.Begin(Send, Subject{})
	if len(file.texts) > 0 {
		t.Errorf("written before Flush: %q", file.texts)
	}
	intents.Flush()
	intents.Flush() // of nothing
	r.Begin(Commit, Subject{}).OK()
	outcomes.Stored(first, 2, 7)
	outcomes.Unknown(second, errors.New("no answer"))
	outcomes.OK(third)
	outcomes.Flush()
	want := []string{"1 intent, 2 intent, 3 intent", "4 intent", "4 ok", "1 ok, 2 unknown, 3 ok"}
	var got []string
	for _, text := range file.texts {
		got = append(got, phases(t, text))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("got %q, want %q", got, want)
	}
	all, err := Read(strings.NewReader(strings.Join(file.texts, "")))
	if err != nil {
		t.Fatal(err)
	}
	if stored, unknown := all[5], all[6]; stored.Partition != 2 || stored.Offset != 7 || unknown.Error != "no answer" {
		t.Errorf("outcomes %+v and %+v", stored, unknown)
	}
	for i, e := range all {
		if e.Program != "p" || e.Session != "s" || e.At.Before(began) || i > 0 && e.At.Before(all[i-1].At) {
			t.Errorf("%+v comes after %s", e, all[max(0, i-1)].At)
		}
	}
	if !all[0].At.Equal(all[2].At) || !all[5].At.Equal(all[7].At) {
		t.Error("the lines of a batch differ in their time")
	}
}

// Batches and single entries of several goroutines do not mix within a line.
func TestBatchesShareAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	var writing sync.WaitGroup
	for range 2 {
		r := open(t, path, "producer")
		for range 4 {
			writing.Go(func() {
				intents, outcomes := r.Batch(), r.Batch()
				for range 20 {
					var begun []Operation
					for n := range 50 {
						begun = append(begun, intents.Begin(Send, Subject{Number: n, Stream: strings.Repeat("x", n)}))
					}
					intents.Flush()
					r.Note(Deliver, OK, Subject{})
					for n, o := range begun {
						outcomes.Stored(o, 0, int64(n))
					}
					outcomes.Flush()
				}
			})
		}
	}
	writing.Wait()
	begun, stored := map[string]int{}, 0
	for _, e := range read(t, path) {
		id := fmt.Sprint(e.Session, "/", e.Operation)
		switch {
		case e.Step == Deliver:
		case e.Phase == Intent:
			begun[id] = e.Number
		default:
			if n, ok := begun[id]; !ok || int64(n) != e.Offset {
				t.Fatalf("result %+v of intent %d, %v", e, n, ok)
			}
			stored++
		}
	}
	if want := 2 * 4 * 20 * 50; len(begun) != want || stored != want {
		t.Errorf("%d intents and %d results, want %d of each", len(begun), stored, want)
	}
}

// A batch that could not be written ends the history too.
func TestBatchOnAFullDisk(t *testing.T) {
	var failures []error
	disk := &full{}
	r := &Recorder{file: disk, fail: func(err error) { failures = append(failures, err) }}
	b := r.Batch()
	b.Begin(Send, Subject{})
	b.Flush()
	b.Begin(Send, Subject{})
	b.Flush()
	r.Begin(Send, Subject{}).OK()
	if len(failures) != 1 || disk.writes != 1 {
		t.Errorf("%d failures reported and %d writes tried, want one of each", len(failures), disk.writes)
	}
}

func TestBatchOfNilRecordsNothing(t *testing.T) {
	var r *Recorder
	b := r.Batch()
	o := b.Begin(Send, Subject{})
	b.OK(o)
	b.Stored(o, 0, 1)
	b.Unknown(o, nil)
	b.Flush()
	o.OK()
}

// devNull is a file that costs a system call.
func devNull(t testing.TB) io.WriteCloser {
	t.Helper()
	file, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

var goal = Subject{Stream: "34403", Number: 123456, Topic: "transactions", Partition: None, Offset: None}

// A message's intent and result allocate nothing, each for itself or in a batch.
func TestRecordingAllocatesNothing(t *testing.T) {
	r := &Recorder{program: "producer", session: "0a1b2c3d", file: devNull(t)}
	if got := testing.AllocsPerRun(1000, func() { r.Begin(Send, goal).Stored(2, 123456) }); got != 0 {
		t.Errorf("%.0f allocations for an intent and its result, want none", got)
	}
	b := r.Batch()
	batch := func() {
		for range 64 {
			b.Stored(b.Begin(Send, goal), 2, 123456)
		}
		b.Flush()
	}
	batch()
	if got := testing.AllocsPerRun(100, batch); got != 0 {
		t.Errorf("%.0f allocations for a batch of 64, want none", got)
	}
}

// BenchmarkRecord is an intent and its result on a real file: one by one, and in batches as the producer makes.
func BenchmarkRecord(b *testing.B) {
	recorder := func(b *testing.B) *Recorder {
		r, err := Open(filepath.Join(b.TempDir(), "history.jsonl"), "producer", func(err error) { b.Error(err) })
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { r.Close() })
		b.ReportAllocs()
		return r
	}
	b.Run("one-by-one", func(b *testing.B) {
		r := recorder(b)
		for b.Loop() {
			r.Begin(Send, goal).Stored(2, 123456)
		}
	})
	b.Run("in-batches", func(b *testing.B) {
		batch := recorder(b).Batch()
		n := 0
		for b.Loop() {
			batch.Stored(batch.Begin(Send, goal), 2, 123456)
			if n++; n%64 == 0 {
				batch.Flush()
			}
		}
	})
}
