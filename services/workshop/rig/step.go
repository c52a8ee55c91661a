package rig

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/wire"
)

// Step is a request of a program that writes, or the answer to one, as far as a lab wants to know it.
type Step struct {
	At     time.Time
	Key    kmsg.Key
	Answer bool

	Events []Sent // Produce: what is in it
	Offset int64  // TxnOffsetCommit: the next one to be read
	Commit bool   // EndTxn: a commit, not an abort
	Err    error  // what an answer refuses, a *kerr.Error

	// Event counts the program's transactions from 1, and an aborted one not at all. Where each event is
	// in one of its own, it is the event's id.
	Event int
}

// Sent is a message in a Produce request.
type Sent struct {
	ID    int
	Event string // event.Goal or event.Finished
}

func (s Step) Is(key kmsg.Key, answer bool) bool { return s.Key == key && s.Answer == answer }

// Accepted reports whether s is the answer to a request of this kind, and says yes.
func (s Step) Accepted(key kmsg.Key) bool { return s.Is(key, true) && s.Err == nil }

// name of what is refused, as Kafka's protocol has it; NONE where nothing is.
func (s Step) Refusal() string {
	if s.Err == nil {
		return "NONE"
	}
	if known, ok := s.Err.(*kerr.Error); ok {
		return known.Message
	}
	return s.Err.Error()
}

// watched are the requests that become steps. The others, Fetch above all, are not even decoded.
var watched = map[kmsg.Key]bool{
	kmsg.InitProducerID: true, kmsg.AddPartitionsToTxn: true, kmsg.Produce: true,
	kmsg.AddOffsetsToTxn: true, kmsg.TxnOffsetCommit: true, kmsg.EndTxn: true,
}

func RequestStep(r wire.Request) (Step, error) {
	s := Step{At: time.Now(), Key: r.Key}
	decoded, err := r.Decode()
	if err != nil {
		return s, err
	}
	switch req := decoded.(type) {
	case *kmsg.ProduceRequest:
		for _, t := range req.Topics {
			for _, p := range t.Partitions {
				events, err := eventsIn(p.Records)
				if err != nil {
					return s, fmt.Errorf("produce to %s: %w", t.Topic, err)
				}
				s.Events = append(s.Events, events...)
			}
		}
	case *kmsg.TxnOffsetCommitRequest:
		for _, t := range req.Topics {
			for _, p := range t.Partitions {
				s.Offset = p.Offset
			}
		}
	case *kmsg.EndTxnRequest:
		s.Commit = req.Commit
	}
	return s, nil
}

func AnswerStep(a wire.Answer) (Step, error) {
	s, err := RequestStep(a.Request)
	if err != nil {
		return s, err
	}
	s.Answer = true
	decoded, err := a.Decode()
	if err != nil {
		return s, err
	}
	var codes []int16
	switch resp := decoded.(type) {
	case *kmsg.InitProducerIDResponse:
		codes = append(codes, resp.ErrorCode)
	case *kmsg.AddPartitionsToTxnResponse:
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				codes = append(codes, p.ErrorCode)
			}
		}
	case *kmsg.ProduceResponse:
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				codes = append(codes, p.ErrorCode)
			}
		}
	case *kmsg.AddOffsetsToTxnResponse:
		codes = append(codes, resp.ErrorCode)
	case *kmsg.TxnOffsetCommitResponse:
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				codes = append(codes, p.ErrorCode)
			}
		}
	case *kmsg.EndTxnResponse:
		codes = append(codes, resp.ErrorCode)
	}
	for _, code := range codes {
		if s.Err == nil {
			s.Err = kerr.ErrorForCode(code)
		}
	}
	return s, nil
}

// eventsIn decodes the values of a batch of records that is not compressed.
func eventsIn(batch []byte) ([]Sent, error) {
	var header kmsg.RecordBatch
	if err := header.ReadFrom(batch); err != nil {
		return nil, fmt.Errorf("record batch: %w", err)
	}
	if codec := header.Attributes & 7; codec != 0 {
		return nil, fmt.Errorf("record batch compressed with codec %d", codec)
	}
	var events []Sent
	for rest := header.Records; len(rest) > 0; {
		length, prefix := kbin.Varint(rest)
		end := prefix + int(length)
		if prefix == 0 || length < 0 || end > len(rest) {
			return nil, fmt.Errorf("record of %d bytes where %d are left", length, len(rest))
		}
		var record kmsg.Record
		if err := record.ReadFrom(rest[:end]); err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		rest = rest[end:]
		var value struct {
			ID    int    `json:"id"`
			Event string `json:"event"`
		}
		if err := json.Unmarshal(record.Value, &value); err != nil {
			return nil, fmt.Errorf("value of a record: %w", err)
		}
		events = append(events, Sent{value.ID, value.Event})
	}
	return events, nil
}

// GoalIDs are the ids of the goals among the events.
func GoalIDs(events []Sent) []int {
	var ids []int
	for _, e := range events {
		if e.Event == event.Goal {
			ids = append(ids, e.ID)
		}
	}
	return ids
}
