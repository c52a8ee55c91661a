package consumer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
)

// reader prints transactions and sends everything else to the dead-letter topic.
type reader struct {
	letters *kafka.DeadLetters
	process *service.Process
	read    atomic.Uint64
	total   prometheus.Counter
}

func newReader(letters *kafka.DeadLetters, p *service.Process) *reader {
	total := metric.MessagesRead(p.Ops.Registry)
	return &reader{letters: letters, process: p, total: total}
}

// consume prints one partition's messages and commits *after* printing. That order is what makes it
// at-least-once; the other way round a crash between the two would lose messages.
func (r *reader) consume(ctx context.Context, claim *group.Claim) error {
	for msg := range claim.Messages() {
		if err := r.handle(ctx, msg); err != nil {
			return err
		}
		claim.Mark(msg)
		r.process.Out.FlushSoon()
		if err := claim.CommitBehind(); err != nil { // flushes what was printed first
			return err
		}
	}
	return nil // what is marked by now is committed behind us
}

// handle returns nil when the message's offset may be passed.
func (r *reader) handle(ctx context.Context, msg *sarama.ConsumerMessage) error {
	sequence, err := event.CheckTransaction(msg.Value)
	if malformed, ok := errors.AsType[*event.Malformed](err); ok {
		return r.letters.Skip(ctx, msg, malformed)
	}
	if err != nil {
		return err
	}
	line, err := oneLine(msg.Value)
	if err != nil {
		return fmt.Errorf("print offset %d: %w", msg.Offset, err)
	}
	var about history.Subject
	if r.process.History != nil {
		about = kafka.Place(msg)
		about.Stream, about.Number = string(msg.Key), int(sequence)
	}
	r.process.Show(about, line)
	r.read.Add(1)
	r.total.Inc()
	return nil
}

// oneLine is the message as it came, fields that we do not know included, but for white space where that breaks lines. Within a
// text JSON has no line breaks.
func oneLine(message []byte) ([]byte, error) {
	if bytes.IndexByte(message, '\n') < 0 && bytes.IndexByte(message, '\r') < 0 { // not ContainsAny, which looks at byte after byte
		return message, nil
	}
	var line bytes.Buffer
	err := json.Compact(&line, message)
	return line.Bytes(), err
}
