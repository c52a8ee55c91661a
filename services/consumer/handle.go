package main

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
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
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
	r := &reader{letters: letters, process: p, total: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "workshop_messages_read_total", Help: "Messages printed.",
	})}
	p.Ops.Registry.MustRegister(r.total)
	return r
}

// batch is how many printed messages may wait for their commit while more are coming. A commit
// takes a millisecond or two, a message a few microseconds: committing each would make the commit
// the work. After a crash up to batch messages of a partition are printed again.
const batch = 1000

// consume prints one partition's messages and commits *after* printing. That order is what makes it
// at-least-once; the other way round a crash between the two would lose messages.
func (r *reader) consume(ctx context.Context, claim *group.Claim) error {
	for msg := range claim.Messages() {
		if err := r.handle(ctx, msg); err != nil {
			return err
		}
		claim.Mark(msg)
		if claim.Idle() || claim.Pending() >= batch {
			if err := claim.Commit(); err != nil { // flushes what was printed first
				return err
			}
		}
	}
	return nil // what is marked by now is committed behind us
}

// handle returns nil when the message's offset may be passed.
func (r *reader) handle(ctx context.Context, msg *sarama.ConsumerMessage) error {
	tx, err := event.DecodeTransaction(msg.Value)
	var malformed *event.Malformed
	if errors.As(err, &malformed) {
		return r.letters.Skip(ctx, msg, malformed)
	}
	if err != nil {
		return err
	}
	// What is printed is the message as it came, fields that we do not know included, on one line.
	line := bytes.NewBuffer(make([]byte, 0, len(msg.Value)+1))
	if err := json.Compact(line, msg.Value); err != nil {
		return fmt.Errorf("print offset %d: %w", msg.Offset, err)
	}
	line.WriteByte('\n')
	about := kafka.Place(msg)
	about.Stream, about.Number = string(msg.Key), int(tx.IDSequencia)
	r.process.Show(about, line.Bytes())
	r.read.Add(1)
	r.total.Inc()
	return nil
}
