package scoreboard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
)

// reader brings events to the board and sends everything else to the dead-letter topic. Partitions come
// concurrently, the board is one.
type reader struct {
	letters *kafka.DeadLetters
	process *service.Process
	crash   *crash
	once    *onceOnly // nil except in exactly-once
	matches uint64    // to show to their end; 0: no end
	metrics metrics

	mu    sync.Mutex
	board *board

	read atomic.Uint64
}

func newReader(letters *kafka.DeadLetters, crash *crash, board *board, matches uint64, p *service.Process) *reader {
	return &reader{letters: letters, process: p, crash: crash, matches: matches, board: board, metrics: newMetrics(p.Ops.Registry)}
}

// metrics are those of the board.
type metrics struct {
	read, missed, repeated prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) metrics {
	return metrics{
		read: metric.MessagesRead(reg),
		missed: metric.Counter(reg, "workshop_ids_missed_total",
			"Ids of a match that were missing when a later one was shown. On a topic with several partitions they may come after all."),
		repeated: metric.Counter(reg, "workshop_ids_repeated_total", "Ids of a match that were shown again."),
	}
}

// show puts an event on the screen. A nil error means that it is there, or a dead letter.
func (r *reader) show(ctx context.Context, msg *sarama.ConsumerMessage) error {
	e, err := event.DecodeScoreEvent(msg.Value)
	var malformed *event.Malformed
	if errors.As(err, &malformed) {
		return r.letters.Skip(ctx, msg, malformed)
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.print(e, msg, r.board.take(e))
}

// print puts the lines of an event on the screen, and counts it.
func (r *reader) print(e event.ScoreEvent, msg *sarama.ConsumerMessage, lines []string) error {
	r.process.Show(subjectOf(e, msg), []byte(strings.Join(lines, "\n")+"\n"))
	if err := r.process.Out.Flush(); err != nil {
		return &kafka.FatalError{Err: fmt.Errorf("print: %w", err)}
	}
	r.read.Add(1)
	r.metrics.read.Inc()
	missed, repeated := r.board.settle()
	r.metrics.missed.Add(float64(missed))
	r.metrics.repeated.Add(float64(repeated))
	return nil
}

// subjectOf is an event as the history names it: which it is, and where it stands.
func subjectOf(e event.ScoreEvent, msg *sarama.ConsumerMessage) history.Subject {
	about := kafka.Place(msg)
	about.Stream, about.Number = e.Match, e.ID
	return about
}

// complete reports whether MATCHES matches were shown to their end.
func (r *reader) complete() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.completes(r.board)
}

// completes is complete for a board that is not on the screen yet.
func (r *reader) completes(b *board) bool { return r.matches > 0 && b.ended >= r.matches }
