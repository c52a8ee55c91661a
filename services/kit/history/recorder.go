package history

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Recorder writes the history of one process. A nil *Recorder records nothing. It is safe for
// concurrent use.
type Recorder struct {
	program, session string
	operations       atomic.Uint64
	fail             func(error)

	mu     sync.Mutex
	file   io.WriteCloser
	line   []byte // the one being written; its memory is used again
	broken bool
}

// Open appends to the file at path, and creates it where it is missing. The first entry that cannot
// be written is reported to fail, and nothing is written after it: a history may end early, but must
// not have a hole.
func Open(path, program string, fail func(error)) (*Recorder, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	if err := endLine(path, file); err != nil {
		file.Close()
		return nil, err
	}
	var session [4]byte
	rand.Read(session[:]) // never fails
	return &Recorder{program: program, session: hex.EncodeToString(session[:]), fail: fail, file: file}, nil
}

// endLine ends a line that an earlier process could not write to its end, when the disk was full say.
func endLine(path string, file *os.File) error {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return err
	}
	before, err := os.Open(path) // ours can only append
	if err != nil {
		return err
	}
	defer before.Close()
	last := make([]byte, 1)
	if _, err := before.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		_, err = file.Write([]byte{'\n'})
	}
	return err
}

// Close closes the file.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = true
	return r.file.Close()
}

// Begin records the intent of a step. Call one of the operation's methods when its outcome is known.
func (r *Recorder) Begin(step Step, subject Subject) Operation {
	if r == nil {
		return Operation{}
	}
	o := r.operation(step, subject)
	o.write(Intent, nil)
	return o
}

// Note records a step that has no intent, or no result: a delivery, a crash.
func (r *Recorder) Note(step Step, phase Phase, subject Subject) {
	if r != nil {
		r.operation(step, subject).write(phase, nil)
	}
}

func (r *Recorder) operation(step Step, subject Subject) Operation {
	return Operation{recorder: r, number: r.operations.Add(1), step: step, subject: subject}
}

// Operation is a step whose intent was recorded.
type Operation struct {
	recorder *Recorder
	number   uint64
	step     Step
	subject  Subject
}

// OK records that it was done.
func (o Operation) OK() { o.write(OK, nil) }

// Stored records that a message was acknowledged, and where it stands.
func (o Operation) Stored(partition int32, offset int64) {
	o.subject.Partition, o.subject.Offset = partition, offset
	o.write(OK, nil)
}

// Failed records that it did not happen.
func (o Operation) Failed(err error) { o.write(Failed, err) }

// Unknown records that nobody knows whether it happened.
func (o Operation) Unknown(err error) { o.write(Unknown, err) }

func (o Operation) write(phase Phase, cause error) {
	r := o.recorder
	if r == nil {
		return
	}
	origin := r.origin()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line = o.appendStep(origin.appendOrigin(r.line[:0]), phase, cause)
	r.put(r.line)
}

// put writes whole lines in one call. The caller holds r.mu.
func (r *Recorder) put(lines []byte) {
	if r.broken {
		return
	}
	if _, err := r.file.Write(lines); err != nil {
		r.broken = true
		r.fail(fmt.Errorf("history: %w", err))
	}
}

// origin is an entry of now that lacks the step.
func (r *Recorder) origin() Entry {
	return Entry{At: time.Now().UTC(), Program: r.program, Session: r.session}
}

// appendStep appends what follows the origin in a line.
func (o Operation) appendStep(dst []byte, phase Phase, cause error) []byte {
	e := Entry{Operation: o.number, Step: o.step, Phase: phase, Subject: o.subject}
	if cause != nil {
		e.Error = cause.Error()
	}
	return append(e.appendStep(dst), '\n')
}
