package kafka

import (
	"log/slog"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/history"
)

// Hooks connect a client to the program around it. Any field may be nil. The client waits for the functions to
// return, and may call them from several goroutines at once.
type Hooks struct {
	Log     *slog.Logger          // retries and recoveries
	History *history.Recorder     // every send, delivery, commit and abort
	Metrics prometheus.Registerer // counters of the client

	// Waiting is called while the client cannot go on, with the reason: at once for a new one, and again every
	// WaitingRepeat.
	Waiting Waiting
	// Removed is called when a group has missed messages, from offset first to last, because retention deleted them.
	Removed func(partition int32, first, last int64)
	// Skipped is called when msg has become a dead letter on topic.
	Skipped func(msg *sarama.ConsumerMessage, reason, topic string)
	// Failed is called with a FencedError, a RefusedError, a TimedOutError or a group.NameTakenError before a call
	// returns it.
	Failed func(err error)
	// BeforeCommit is called before a group's offset is committed. It flushes what was printed, as a crash right
	// after the commit must not take it along. Its error ends the consumer.
	BeforeCommit func() error
}

// Complete returns h without nil fields, except for History: its new ones do nothing.
func (h Hooks) Complete() Hooks {
	if h.Log == nil {
		h.Log = slog.New(slog.DiscardHandler)
	}
	if h.Metrics == nil {
		h.Metrics = prometheus.NewRegistry()
	}
	if h.Waiting == nil {
		h.Waiting = func(error) {}
	}
	if h.Removed == nil {
		h.Removed = func(int32, int64, int64) {}
	}
	if h.Skipped == nil {
		h.Skipped = func(*sarama.ConsumerMessage, string, string) {}
	}
	if h.Failed == nil {
		h.Failed = func(error) {}
	}
	if h.BeforeCommit == nil {
		h.BeforeCommit = func() error { return nil }
	}
	return h
}
