// Package verdict decides the outcome of the messages of an experiment. [Check] compares what was
// observed of a run: the writes of its producers, the log that the brokers hold in the end, the reads
// of its consumers. What it finds can be counted: so many lost, so many repeated. It does no input or
// output, and knows nothing of Kafka's protocol.
//
// A message goes from its write to the log, and from the log to its reader. The same can go wrong on
// either way, and each fault has its own field in [Verdict]. In brackets the names of Jepsen's analyses
// of Redpanda and Bufstream (https://jepsen.io/analyses), to read on:
//
//	                        from write to log               from log to reader
//	it does not arrive      Lost (lost write)               Missing (unseen)
//	it arrives too often    Duplicated (duplicate)          Repeated
//	it arrives out of turn  OutOfOrder (nonmonotonic send)  Nonmonotonic (nonmonotonic poll)
//	it ought not to arrive  Spurious                        AbortedRead (aborted read, G1a)
//	only a part arrives     Torn (torn transaction)         Torn, an effect without its offset
//
// A reader is judged by the log it read from, not by what the producer meant. So one cause is one
// fault: a record that is twice in the log and was read twice is Duplicated and not Repeated, records
// in the wrong order that were read in the log's order are OutOfOrder and not Nonmonotonic, a lost
// message is not Missing too. Where two fields name the same message, two things are true of it:
//
//	Lost, Torn                one of an acknowledged transaction is gone, the others are there
//	Spurious, Torn            one of a refused transaction is there, the others are not
//	Lost, AbortedRead         it was read, and lost afterwards
//	Repeated, Nonmonotonic    it was read again by the same session, which went back for it
//	Duplicated, OutOfOrder    its copy in another partition stands behind a higher number
//
// A write has three outcomes. Only an acknowledged one must be in the log, only a refused one must not;
// one of unknown outcome (the answer never came, the process died waiting) may be there or not. Both
// are correct, and the verdict says which it was:
//
//	              in the log      not in the log
//	Acknowledged                  Lost
//	Unknown       UnknownPresent  UnknownAbsent
//	Refused       Spurious
//
// What was not observed is not judged. Lost, Duplicated, OutOfOrder and Torn need the log; Missing,
// Repeated, Nonmonotonic and AbortedRead need reads; Lost, Spurious, unknown outcomes and torn
// transactions need writes. What does not need the log assumes one where it was not observed: all that
// was acknowledged, read or set aside as a dead letter, each once, every stream in one partition and in
// the order of its numbers. A message that was acknowledged and not read is then Missing, for nobody
// can say whether it was lost before.
package verdict

import "fmt"

// Message names one message by what its producer meant: the Number-th of a Stream, which is one match
// or one run of a producer. Numbers increase within a stream; they may start anywhere and have gaps.
type Message struct {
	Stream string
	Number int
}

// String is stream and number, such as match/7. With fmt a Write, a Record and a Read print no more than
// that: they embed it.
func (m Message) String() string { return fmt.Sprintf("%s/%d", m.Stream, m.Number) }

// Outcome is what a producer knows of its write, and it is one of three: a time-out does not say that
// the message is not in the log. The zero value is Unknown, so that an intent without a result has it.
// The order is that of what they say for the message: see [Write].
type Outcome int

// The outcomes of a write.
const (
	Refused      Outcome = iota - 1 // it is certain that the message is not in the log, or aborted there
	Unknown                         // it may be in the log
	Acknowledged                    // the brokers, for a transaction its commit, said that it is
)

func (o Outcome) String() string {
	switch o {
	case Refused:
		return "refused"
	case Unknown:
		return "unknown"
	case Acknowledged:
		return "acknowledged"
	}
	return fmt.Sprintf("Outcome(%d)", int(o))
}

// Write is one attempt to send a message: intent and result together. A program that tries again after
// an error, or first sends a ghost of the message in a transaction that it aborts, makes several of one
// message. Then the one with the highest outcome counts, of several the last: a message is acknowledged
// if one of its writes is, and refused only if all are.
type Write struct {
	Message
	Outcome     Outcome
	Transaction string // its name, not used again for another; "" outside of transactions
}

// Record is one record of the topic, as a reader with read_uncommitted sees it.
type Record struct {
	Message
	Partition int32
	Offset    int64 // compared with Run.Commits, and not looked at without them
	Aborted   bool  // its transaction was aborted: with read_committed it is not there
}

// Read is one processing of a message: a line on the screen, a committed record in a sink.
type Read struct {
	Message
	// Session is one life of one consumer. A consumer that starts again may go back to its committed
	// offset; within a session nobody goes back. For the records of a sink, give each partition of the
	// sink a session, so that the order must hold over restarts too.
	Session string
	// Aborted: it was the aborted record of this number. A ghost goal has stream and number of the true
	// one and another content; only who reads the content can tell.
	Aborted bool
}

// Run is what was observed. A nil slice or map was not observed; an empty one was, and there was
// nothing. It must be complete: a topic that holds an older run's messages too, or a consumer that is
// stopped before it has caught up, gives faults. Streams can be left out, but then everywhere.
type Run struct {
	Writes      []Write   // in the order they were sent
	Log         []Record  // the records of a partition in the order of their offsets; partitions may alternate
	Reads       []Read    // the reads of a session in their order; sessions may alternate
	DeadLetters []Message // set aside, which settles them as a read does

	// Commits has the group's committed offset of each partition at the end: the next to be read, so 0,
	// as for a partition that is not there, commits nothing. It is for a loop that commits the offsets
	// in the transactions of its effects (read, transform, produce: exactly-once), with the effects as
	// Reads. Leave it nil for other consumers: there a read before its commit is how at-least-once works.
	Commits map[int32]int64
}

// Verdict is the outcome of the messages. Its lists are nil where there is nothing to name, and each is
// in the order in which Check saw it: of the writes, of the log, of the reads and then the dead letters.
// A message is taken in when it is read (not its aborted record) or becomes a dead letter.
//
// Where reads are observed, Produced is Processed, the Missing, and those that are only dead letters.
// Which copy of a message was read is not observed. So Nonmonotonic takes it for the next one ahead, which
// gives the fewest steps back that explain the reads, and leaves out messages with copies in several
// partitions.
type Verdict struct {
	Produced  int // different messages there were to read: committed in the log
	Processed int // how many of these were read at least once

	Lost       []Message // acknowledged, and no committed record in the log
	Duplicated []Message // once for every committed record after its first, in whatever partition
	OutOfOrder []Message // first in its partition, but behind a higher number of its stream there
	Spurious   []Message // in the log, though all its writes were refused, or nobody wrote it

	Missing      []Message // in the log, and not taken in
	Repeated     []Message // once for every time it was taken in more often than it is in the log
	Nonmonotonic []Message // once for every step back of a session, however far, in its partition's log
	AbortedRead  []Message // once for every time it was taken in though aborted, or not (any more) in the log

	// Torn names, in the order of the writes, transactions of which some messages are in the log and some
	// are not. Then, in the order of the log, each message that was taken in though its offset is not
	// below the committed one: an effect that is there without its commit. A restart would make it again.
	Torn []string

	UnknownAbsent, UnknownPresent []Message // writes of unknown outcome that came to nothing, and that arrived
}

// Clean reports whether nothing is wrong. Writes of unknown outcome are not: either way is correct.
func (v Verdict) Clean() bool {
	return len(v.Lost)+len(v.Duplicated)+len(v.OutOfOrder)+len(v.Spurious)+
		len(v.Missing)+len(v.Repeated)+len(v.Nonmonotonic)+len(v.AbortedRead)+len(v.Torn) == 0
}
