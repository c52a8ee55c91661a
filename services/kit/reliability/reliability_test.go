package reliability

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// Tests of several packages record at once: every record is a line of its own, with all that was measured.
func TestRecordAppends(t *testing.T) {
	file := filepath.Join(t.TempDir(), "record.jsonl")
	t.Setenv(RecordVariable, file)
	m := Measurement{
		Guarantee: "nothing is lost", Ground: Embedded, Test: "TestNothing", Seed: 1<<64 - 1, Seconds: 1.5, Events: 100,
		Faults: map[string]int{"kill -9 of a broker": 3}, Lost: 1, Duplicated: 2, OutOfOrder: 3, Silence: 0.25, Controls: 2, Caught: 1,
	}
	const records = 50
	var group sync.WaitGroup
	for range records {
		group.Go(func() {
			if err := Record(m); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		var got Measurement
		if err := json.Unmarshal([]byte(line), &got); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("line %d is %+v, %v, want %+v", n, got, err, m)
		}
	}
	if n != records {
		t.Errorf("%d lines, want %d", n, records)
	}
}

func TestRecordWithoutAFile(t *testing.T) {
	t.Setenv(RecordVariable, "")
	if err := Record(Measurement{}); err != nil {
		t.Errorf("nobody asked for records: %v", err)
	}
	t.Setenv(RecordVariable, filepath.Join(t.TempDir(), "missing", "record.jsonl"))
	if err := Record(Measurement{Test: "TestNothing"}); err == nil || !strings.Contains(err.Error(), "TestNothing") {
		t.Errorf("a file that cannot be written: %v", err)
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct {
		name  string
		m     Measurement
		clean bool
	}{
		{"nothing wrong", Measurement{Events: 5, Controls: 2, Caught: 2}, true},
		{"lost", Measurement{Lost: 1}, false},
		{"duplicated", Measurement{Duplicated: 1}, false},
		{"out of order", Measurement{OutOfOrder: 1}, false},
		{"a control that was not caught", Measurement{Controls: 2, Caught: 1}, false},
	} {
		if got := c.m.Clean(); got != c.clean {
			t.Errorf("%s: clean %t, want %t", c.name, got, c.clean)
		}
	}
}
