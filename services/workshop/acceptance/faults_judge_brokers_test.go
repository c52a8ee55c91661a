//go:build brokers

package acceptance

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/verdict"
)

// transactionsJudged is the outcome of the producers' messages.
type transactionsJudged struct {
	verdict.Verdict
	acknowledged int
	misplaced    []string      // places at which another message was acknowledged
	silence      time.Duration // the longest time without an acknowledgement
}

func (j transactionsJudged) String() string {
	return fmt.Sprintf("%d acknowledged, %d in the log: lost %d, duplicated %d, out of order %d, spurious %d, at another place %d; "+
		"not consumed %d, consumed again %d; without an answer %d, of which %d arrived",
		j.acknowledged, j.Produced, len(j.Lost), len(j.Duplicated), len(j.OutOfOrder), len(j.Spurious), len(j.misplaced),
		len(j.Missing), len(j.Repeated), len(j.UnknownAbsent)+len(j.UnknownPresent), len(j.UnknownPresent))
}

// clean reports whether the producers' guarantee held, and the consumers' at-least-once: they may be given a message
// again.
func (j transactionsJudged) clean() bool {
	return len(j.Lost)+len(j.Duplicated)+len(j.OutOfOrder)+len(j.Spurious)+len(j.Missing)+len(j.AbortedRead)+len(j.misplaced) == 0
}

// place is where a record stands.
type place struct {
	partition int32
	offset    int64
}

// transfer names a message of the producers within a life of one, where its number is unique; a stream is a key there.
type transfer struct {
	key    string
	number int
}

// transactionJudge knows what the producers were told. A message does not say who sent it, and each life of a producer
// counts from 1: whose it is, its place tells, or its UUID where it is a copy, or else who waits for an answer.
type transactionJudge struct {
	writes  []verdict.Write
	acked   map[place]int      // indexes of writes
	waiting map[transfer][]int // writes of unknown outcome
	byUUID  map[[16]byte]verdict.Message
	run     verdict.Run
	judged  transactionsJudged
}

func judgeTransactions(e *evidence) (transactionsJudged, error) {
	j := &transactionJudge{acked: map[place]int{}, waiting: map[transfer][]int{}, byUUID: map[[16]byte]verdict.Message{}}
	if err := j.account(e); err != nil {
		return j.judged, err
	}
	j.run.Log = []verdict.Record{}
	if err := e.read(e.Transactions, j.record); err != nil {
		return j.judged, err
	}
	j.run.Reads = []verdict.Read{}
	for _, screen := range e.Consumers {
		err := e.lines(screen, func(line []byte) {
			if len(line) == 0 || line[0] != '{' {
				return
			}
			m := verdict.Message{Stream: "no message"}
			if tx, err := event.DecodeTransaction(line); err == nil {
				if known, ok := j.byUUID[uuidOf(tx.IDTransacao)]; ok {
					m = known
				}
			}
			j.run.Reads = append(j.run.Reads, verdict.Read{Message: m, Session: screen})
		})
		if err != nil {
			return j.judged, err
		}
	}
	j.run.Writes = j.writes
	j.judged.Verdict = verdict.Check(j.run)
	return j.judged, nil
}

// account reads the producers' histories.
func (j *transactionJudge) account(e *evidence) error {
	type operation struct {
		session string
		number  uint64
	}
	open := map[operation]int{} // indexes of writes without a result
	streams := map[string]string{}
	var times []int64
	err := e.histories(e.Producers, func(h history.Entry) {
		if h.Step != history.Send {
			return
		}
		op := operation{h.Session, h.Operation}
		if h.Phase == history.Intent {
			name := h.Session + "/" + h.Stream
			if streams[name] == "" {
				streams[name] = name // one string for all of its messages
			}
			open[op] = len(j.writes)
			j.writes = append(j.writes, verdict.Write{Message: verdict.Message{Stream: streams[name], Number: h.Number}})
			return
		}
		i, ok := open[op]
		if !ok {
			return
		}
		switch h.Phase {
		case history.OK:
			delete(open, op)
			j.writes[i].Outcome = verdict.Acknowledged
			at := place{h.Partition, h.Offset}
			if _, twice := j.acked[at]; twice {
				j.judged.misplaced = append(j.judged.misplaced, fmt.Sprintf("%d/%d was given to two messages", at.partition, at.offset))
			}
			j.acked[at] = i
			times = append(times, h.At.UnixNano())
			j.judged.acknowledged++
		case history.Failed:
			delete(open, op)
			j.writes[i].Outcome = verdict.Refused
		}
	})
	for _, i := range open {
		t := transferOf(j.writes[i].Message)
		j.waiting[t] = append(j.waiting[t], i)
	}
	slices.Sort(times)
	for i := 1; i < len(times); i++ {
		j.judged.silence = max(j.judged.silence, time.Duration(times[i]-times[i-1]))
	}
	return err
}

// record finds whose a record is.
func (j *transactionJudge) record(msg *sarama.ConsumerMessage) error {
	r := verdict.Record{Message: verdict.Message{Stream: "nobody's"}, Partition: msg.Partition, Offset: msg.Offset}
	defer func() { j.run.Log = append(j.run.Log, r) }()
	tx, err := event.DecodeTransaction(msg.Value)
	if err != nil {
		return nil // nobody's
	}
	t := transfer{string(msg.Key), int(tx.IDSequencia)}
	uuid := uuidOf(tx.IDTransacao)
	if i, ok := j.acked[place{msg.Partition, msg.Offset}]; ok {
		if transferOf(j.writes[i].Message) == t {
			r.Message = j.writes[i].Message
		} else {
			j.judged.misplaced = append(j.judged.misplaced,
				fmt.Sprintf("%d/%d holds %v, and was acknowledged to %s", msg.Partition, msg.Offset, t, j.writes[i].Message))
		}
	} else if known, copied := j.byUUID[uuid]; copied {
		r.Message = known
	} else if waiting := j.waiting[t]; len(waiting) > 0 {
		r.Message, j.waiting[t] = j.writes[waiting[0]].Message, waiting[1:]
	}
	if known, copied := j.byUUID[uuid]; copied && known != r.Message {
		j.judged.misplaced = append(j.judged.misplaced, fmt.Sprintf("%d/%d holds a copy of %s", msg.Partition, msg.Offset, known))
	}
	j.byUUID[uuid] = r.Message
	return nil
}

func transferOf(m verdict.Message) transfer {
	_, key, _ := strings.Cut(m.Stream, "/")
	return transfer{key, m.Number}
}

func uuidOf(text string) (id [16]byte) {
	hex.Decode(id[:], []byte(strings.ReplaceAll(text, "-", "")))
	return id
}
