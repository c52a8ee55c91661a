// Package history is what truly happened, one JSON line a step: before a program sends, commits or
// shows, it writes what it is about to do, and afterwards the outcome. A program that is killed
// in between leaves an intent without a result, and then nobody knows: the third outcome.
//
// A line is one write call on a file opened for appending, so that it is there whole when the process
// is killed, and several processes can share a file.
package history

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Step is what a program does with a message or an offset.
type Step string

const (
	Send    Step = "send"    // a message to a topic; a result ok is the acknowledgement
	Deliver Step = "deliver" // a message was handed to the program; it has no intent
	Show    Step = "show"    // a message's line on the screen
	Commit  Step = "commit"  // an offset of the group, or a transaction
	Abort   Step = "abort"   // a transaction
	Crash   Step = "crash"   // on cue; it has no result
)

// Phase tells an intent from its result.
type Phase string

const (
	Intent  Phase = "intent"
	OK      Phase = "ok"
	Failed  Phase = "fail"    // it did not happen
	Unknown Phase = "unknown" // no answer: it happened or not. An intent without a result means the same.
)

// None is a partition or an offset that does not apply, or is not known.
const None = -1

// Subject is what a step is about.
type Subject struct {
	Stream      string `json:"stream,omitempty"`      // the match, or the key of a transaction
	Number      int    `json:"number,omitempty"`      // of the message within its stream: the event's id
	Topic       string `json:"topic,omitempty"`       //
	Partition   int32  `json:"partition"`             // None where it is not known
	Offset      int64  `json:"offset"`                // of a commit: the next one to read; None where it is not known
	Transaction uint64 `json:"transaction,omitempty"` // counted from 1 in a session; 0 outside of one
}

// Entry is one line.
type Entry struct {
	At        time.Time `json:"at"`
	Program   string    `json:"program"`
	Session   string    `json:"session"` // one life of the program
	Operation uint64    `json:"op"`      // an intent and its result share it; counted from 1 in a session
	Step      Step      `json:"step"`
	Phase     Phase     `json:"phase"`
	Subject
	Error string `json:"error,omitempty"`
}

// Recorder writes the history of one process. A nil *Recorder records nothing. It is safe for
// concurrent use.
type Recorder struct {
	program, session string
	operations       atomic.Uint64
	fail             func(error)

	mu     sync.Mutex
	file   io.WriteCloser
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
	o := Operation{recorder: r, number: r.operations.Add(1), step: step, subject: subject}
	o.write(Intent, nil)
	return o
}

// Note records a step that has no intent, or no result: a delivery, a crash.
func (r *Recorder) Note(step Step, phase Phase, subject Subject) {
	if r != nil {
		Operation{recorder: r, number: r.operations.Add(1), step: step, subject: subject}.write(phase, nil)
	}
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
	e := Entry{
		At: time.Now().UTC(), Program: r.program, Session: r.session, Operation: o.number,
		Step: o.step, Phase: phase, Subject: o.subject,
	}
	if cause != nil {
		e.Error = cause.Error()
	}
	line, err := json.Marshal(e)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken {
		return
	}
	if err == nil {
		_, err = r.file.Write(append(line, '\n'))
	}
	if err != nil {
		r.broken = true
		r.fail(fmt.Errorf("history: %w", err))
	}
}
