// Package history is what truly happened, one JSON line a step: before a program sends, commits or
// shows, it writes what it is about to do, and afterwards the outcome. A program that is killed
// in between leaves an intent without a result, and then nobody knows: the third outcome.
//
// A line goes into a file opened for appending with one write call, as it happens, so that it is there when
// the process is killed, and several processes can share a file. Where there are many steps at once, the lines
// of a [Batch] share a call: intents before any of the steps is done, outcomes before any of them is told.
//
// A process that is killed within a call may leave the last of its lines torn: Linux looks for the signal between
// two pages. Who reads leaves out what is torn.
package history

import "time"

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
