package verdict

import (
	"cmp"
	"time"

	"workshop.example/kit/history"
)

// operation is an intent and its outcome. It has numbers for names and no time.Time, and so no pointer: the garbage
// collector does not look into millions of them.
type operation struct {
	number      uint64 // within the session
	transaction uint64
	message     int   // its number within the stream
	offset      int64 // of the intent; the answer has its own
	seconds     int64 // when it was begun, Unix
	answer      answer
	nanoseconds int32
	partition   int32 // of the intent
	session     uint32
	stream      uint32
	topic       uint32
	step        step
}

// identity is what an intent and its result share.
type identity struct {
	number  uint64
	session uint32
}

func (o *operation) identity() identity { return identity{o.number, o.session} }

// transactionID identifies the operation's transaction, which is counted within the session as operations are.
func (o *operation) transactionID() identity { return identity{o.transaction, o.session} }

// answer is the result of an operation. The zero answer, none at all, is that of an operation of unknown outcome.
type answer struct {
	offset    int64
	partition int32
	outcome   int8 // an Outcome
	given     bool
}

func answerOf(e *history.Entry) answer {
	a := answer{offset: e.Offset, partition: e.Partition, given: true}
	switch e.Phase {
	case history.OK:
		a.outcome = int8(Acknowledged)
	case history.Failed:
		a.outcome = int8(Refused)
	}
	return a
}

func (o *operation) outcome() Outcome { return Outcome(o.answer.outcome) }

// step is a history.Step in a byte.
type step uint8

// The steps that a verdict looks at.
const (
	other step = iota
	send
	show
	commit
	abort
)

func stepOf(s history.Step) step {
	switch s {
	case history.Send:
		return send
	case history.Show:
		return show
	case history.Commit:
		return commit
	case history.Abort:
		return abort
	}
	return other
}

func (o *operation) begin(at time.Time) {
	o.seconds, o.nanoseconds = at.Unix(), int32(at.Nanosecond())
}

// compareTimes is negative where o was begun before p.
func (o *operation) compareTimes(p *operation) int {
	if o.seconds != p.seconds {
		return cmp.Compare(o.seconds, p.seconds)
	}
	return cmp.Compare(o.nanoseconds, p.nanoseconds)
}

// operations is a list that grows without moving what it has: a slice of a million operations would for a moment be
// there twice.
type operations struct {
	chunks [][]operation
	length uint32
}

const chunk = 4096

func (l *operations) add(o operation) (index uint32) {
	if l.length%chunk == 0 {
		l.chunks = append(l.chunks, make([]operation, 0, chunk))
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(*last, o)
	l.length++
	return l.length - 1
}

func (l *operations) at(index uint32) *operation { return &l.chunks[index/chunk][index%chunk] }
