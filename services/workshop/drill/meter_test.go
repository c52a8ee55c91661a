package drill

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"workshop.example/kit/history"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func metered(acks map[int32][]float64) *meter {
	m := newMeter("")
	for p, seconds := range acks {
		for _, s := range seconds {
			m.acks[p] = append(m.acks[p], at(s))
		}
	}
	return m
}

func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name     string
		acks     map[int32][]float64
		from, to float64
		want     float64
	}{
		{"the worst partition counts", map[int32][]float64{0: {1, 2, 3, 4}, 1: {1, 4}}, 1.5, 4, 3},
		{"a gap that began before", map[int32][]float64{0: {1, 9, 10}, 1: {1, 9, 10}}, 5, 10, 8},
		{"a gap that is over is another's", map[int32][]float64{0: {1, 9, 10, 11}, 1: {1, 9, 10, 11}}, 9, 11, 1},
		{"the next one's gap counts to its beginning", map[int32][]float64{0: {1, 2, 3.5, 20}, 1: {1, 2, 3.5, 20}}, 1.5, 4, 1.5},
		{"silent to the end", map[int32][]float64{0: {1, 2}, 1: {1, 2, 3}}, 1.5, 10, 8},
		{"never heard of", map[int32][]float64{0: {1, 2, 3}}, 1, 3, 2},
	} {
		if got := metered(c.acks).silence(2, at(c.from), at(c.to)).Seconds(); got != c.want {
			t.Errorf("%s: %g s, want %g", c.name, got, c.want)
		}
	}
}

func TestSinceWantsEveryPartition(t *testing.T) {
	m := metered(map[int32][]float64{0: {1, 5}, 1: {1, 3}})
	if m.since(at(4), 2) {
		t.Error("partition 1 has had none since 4 s")
	}
	if !m.since(at(2), 2) {
		t.Error("both have had one since 2 s")
	}
	if got := m.between(at(1), at(5)); got != 1 {
		t.Errorf("%d between 1 s and 5 s, want 1", got)
	}
}

// A history is read while it is written: a line may not be whole yet.
func TestMeterFollowsAHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "producer.jsonl")
	m := newMeter(path)
	m.catchUp() // there is none yet
	line := func(step history.Step, phase history.Phase, offset int64) string {
		text, err := json.Marshal(history.Entry{At: noon, Step: step, Phase: phase, Subject: history.Subject{Offset: offset}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text) + "\n"
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	ok := line(history.Send, history.OK, 7)
	for _, c := range []struct {
		text string
		want int
	}{
		{line(history.Send, history.Intent, history.None), 0},
		{ok + ok[:20], 1},
		{ok[20:], 2},
		{
			line(history.Send, history.Failed, history.None) + line(history.Send, history.OK, history.None) + line(history.Commit, history.OK, 8),
			2,
		},
	} {
		if _, err := file.WriteString(c.text); err != nil {
			t.Fatal(err)
		}
		if m.catchUp(); m.count() != c.want {
			t.Errorf("after %q: %d acknowledged, want %d", c.text, m.count(), c.want)
		}
	}
}
