package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"

	"workshop.example/kit/history"
	"workshop.example/kit/wait"
)

// meter follows the producer's history while it is written, and so knows of every acknowledgement.
type meter struct {
	path string
	read int64 // bytes of it

	mu   sync.Mutex
	acks map[int32][]time.Time // of each partition, in the order they were written
}

func newMeter(path string) *meter { return &meter{path: path, acks: map[int32][]time.Time{}} }

const meterEvery = 100 * time.Millisecond

func (m *meter) run(ctx context.Context) {
	for wait.Sleep(ctx, meterEvery) == nil {
		m.catchUp()
	}
}

// catchUp reads what is new, but for a line that is not whole yet. A history that is not there yet has
// nothing new.
func (m *meter) catchUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	file, err := os.Open(m.path)
	if err != nil {
		return
	}
	defer file.Close()
	if _, err := file.Seek(m.read, io.SeekStart); err != nil {
		return
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return
	}
	end := bytes.LastIndexByte(text, '\n') + 1
	m.read += int64(end)
	for line := range bytes.Lines(text[:end]) {
		var e history.Entry
		// What was not stored anywhere was not acknowledged by a replica (ACKS=0).
		if json.Unmarshal(line, &e) == nil && e.Step == history.Send && e.Phase == history.OK && e.Offset >= 0 {
			m.acks[e.Partition] = append(m.acks[e.Partition], e.At)
		}
	}
}

// count is how many messages were acknowledged so far.
func (m *meter) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, acks := range m.acks {
		n += len(acks)
	}
	return n
}

// since reports whether every partition has had an acknowledgement after a moment.
func (m *meter) since(at time.Time, partitions int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for p := range int32(partitions) {
		if acks := m.acks[p]; len(acks) == 0 || !acks[len(acks)-1].After(at) {
			return false
		}
	}
	return true
}

// between is how many messages were acknowledged after one moment and before another.
func (m *meter) between(from, to time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, acks := range m.acks {
		for _, at := range acks {
			if at.After(from) && at.Before(to) {
				n++
			}
		}
	}
	return n
}

// silence is the longest time that any partition was without an acknowledgement and that fell, if only
// in part, between two moments.
func (m *meter) silence(partitions int, from, to time.Time) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	var longest time.Duration
	for p := range int32(partitions) {
		last := time.Time{}
		for _, at := range append(m.acks[p][:len(m.acks[p]):len(m.acks[p])], to) {
			if at.After(to) { // the rest is what comes then
				at = to
			}
			if !last.IsZero() && at.After(from) && last.Before(to) {
				longest = max(longest, at.Sub(last))
			}
			last = at
		}
		if len(m.acks[p]) == 0 {
			longest = max(longest, to.Sub(from))
		}
	}
	return longest
}
