package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, path, program string) *Recorder {
	t.Helper()
	r, err := Open(path, program, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func read(t *testing.T, path string) []Entry {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entries, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestIntentAndResult(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	r := open(t, path, "score-simulator")
	goal := Subject{Stream: "m1", Number: 5, Topic: "scoreGame", Partition: None, Offset: None}
	r.Begin(Send, goal).Stored(0, 4)
	r.Begin(Send, goal).Failed(errors.New("refused"))
	r.Begin(Send, goal).Unknown(errors.New("no answer"))
	r.Begin(Show, goal).OK()
	r.Note(Deliver, OK, goal)
	var got []string
	for _, e := range read(t, path) {
		if e.Program != "score-simulator" || e.Session == "" || e.At.IsZero() || e.Stream != "m1" || e.Number != 5 {
			t.Errorf("entry %+v", e)
		}
		got = append(got, fmt.Sprintf("%d %s %s %d/%d %s", e.Operation, e.Step, e.Phase, e.Partition, e.Offset, e.Error))
	}
	want := []string{
		"1 send intent -1/-1 ", "1 send ok 0/4 ",
		"2 send intent -1/-1 ", "2 send fail -1/-1 refused",
		"3 send intent -1/-1 ", "3 send unknown -1/-1 no answer",
		"4 show intent -1/-1 ", "4 show ok -1/-1 ",
		"5 deliver ok -1/-1 ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Two programs and a restart share a file; no line is torn, and each life is told apart.
func TestSharedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	var writing sync.WaitGroup
	for _, program := range []string{"producer", "consumer", "consumer"} {
		r := open(t, path, program)
		for range 4 {
			writing.Go(func() {
				for n := range 100 {
					r.Begin(Send, Subject{Number: n, Stream: strings.Repeat("x", n)}).OK()
				}
			})
		}
	}
	writing.Wait()
	sessions := map[string]int{}
	for _, e := range read(t, path) {
		sessions[e.Program+e.Session]++
	}
	if len(sessions) != 3 {
		t.Errorf("%d sessions, want 3", len(sessions))
	}
	for s, n := range sessions {
		if n != 800 {
			t.Errorf("session %s has %d entries, want 800", s, n)
		}
	}
}

type full struct{ writes int }

func (f *full) Write([]byte) (int, error) { f.writes++; return 0, errors.New("no space left") }
func (f *full) Close() error              { return nil }

// After an entry that could not be written there is none: a hole would be taken for the truth.
func TestFullDisk(t *testing.T) {
	var failures []error
	disk := &full{}
	r := &Recorder{file: disk, fail: func(err error) { failures = append(failures, err) }}
	r.Begin(Send, Subject{}).OK()
	r.Begin(Send, Subject{}).OK()
	if len(failures) != 1 || disk.writes != 1 {
		t.Errorf("%d failures reported and %d writes tried, want one of each", len(failures), disk.writes)
	}
}

// What the next process writes does not continue a line that was torn.
func TestTornLineIsEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	if err := os.WriteFile(path, []byte(`{"session":"a","st`), 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path, "consumer").Note(Deliver, OK, Subject{})
	if got := read(t, path); len(got) != 1 || got[0].Step != Deliver {
		t.Errorf("got %+v, want the delivery alone", got)
	}
}

func TestNilRecordsNothing(t *testing.T) {
	var r *Recorder
	r.Begin(Send, Subject{}).OK()
	r.Note(Crash, Intent, Subject{})
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestReadNamesTheBadLine(t *testing.T) {
	const good = `{"session":"a","step":"send","phase":"ok"}` + "\n"
	for _, c := range []struct{ text, want string }{
		{good + "\n" + good, ""},
		{good + `{"session":"a","st`, ""}, // the end is missing
		{good + `{"session":"a","st` + "\n" + good, ""},
		{good + "{}\n", "line 2"},
		{good + "nonsense\n" + good, "line 2"},
	} {
		entries, err := Read(strings.NewReader(c.text))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
		if len(entries) == 0 {
			t.Errorf("%q: the good lines are not returned", c.text)
		}
	}
}
