package streamtest

import (
	"sync"
	"testing"
	"time"

	"workshop.example/kit/reliability"
)

// Record is what a test of a guarantee has measured on an embedded cluster. A campaign gets it at the
// test's end, when all subtests have ended too.
type Record struct {
	mu sync.Mutex
	m  reliability.Measurement
}

// NewRecord is a record of the test t.
func NewRecord(t testing.TB, guarantee string) *Record {
	r := &Record{m: reliability.Measurement{Guarantee: guarantee, Ground: reliability.Embedded, Test: t.Name()}}
	began := time.Now()
	t.Cleanup(func() {
		r.m.Seconds = time.Since(began).Seconds()
		if err := reliability.Record(r.m); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Measured says what was seen of the guarantee itself: seed, events, faults, and what went wrong.
func (r *Record) Measured(m reliability.Measurement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m.Seed, r.m.Events, r.m.Faults = m.Seed, m.Events, m.Faults
	r.m.Lost, r.m.Duplicated, r.m.OutOfOrder = m.Lost, m.Duplicated, m.OutOfOrder
}

// Control says whether a broken variant was found to be broken.
func (r *Record) Control(caught bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m.Controls++
	if caught {
		r.m.Caught++
	}
}
