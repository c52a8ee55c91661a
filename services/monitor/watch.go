package monitor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"

	"workshop.example/monitor/window"
)

const (
	commitEvery = time.Second            // where no rule is broken
	alertAge    = 100 * time.Millisecond // how long an alert may wait for others to join its transaction
	alertBatch  = 1000                   // alerts in a transaction at most
)

// watcher is a member of the group: the windows of its partitions, and the alerts that it sends.
//
// Each alert is sent once. Three things make it so:
//
//  1. Alerts and the offset behind their records are committed in one transaction (alert.go). A crash before its end leaves neither,
//     one after it both.
//  2. The windows are not stored anywhere. They depend on nothing but the log, so that after a crash they are read from it again
//     up to the committed offset (rebuild.go), and the same records break the same rules.
//  3. What is on ALERTS_TOPIC already is not sent again, also where the group's offset was moved back or lost (alert.go).
//
// Without an alert the offset is committed by itself: a transaction would cost the brokers ten times as much. The two do not get
// into each other's way, because a partition has one handler, which waits for the one before it begins the other.
type watcher struct {
	cfg     config
	words   words
	process *service.Process

	taken, sent atomic.Uint64
	metrics     metrics

	rebuilding sync.Mutex // one partition at a time: what was fetched and not yet counted is the most of the memory that it takes

	sending    sync.Mutex // partitions wait for each other: a producer has one transaction at a time
	transactor *kafka.Transactor

	mu     sync.Mutex
	client sarama.Client // for questions, and for what is read again; nil until it is connected
	parts  map[int32]*window.Partition
	latest []event.AlertRecord // the last one last
}

type metrics struct {
	read, late, unreadable prometheus.Counter
	alerts                 *prometheus.CounterVec
	rebuilt                prometheus.Histogram
}

func newWatcher(cfg config, words words, p *service.Process) *watcher {
	w := &watcher{cfg: cfg, words: words, process: p, parts: map[int32]*window.Partition{}}
	reg := p.Ops.Registry
	w.metrics.read = metric.MessagesRead(reg)
	w.metrics.late = metric.Counter(reg, "workshop_transactions_late_total", "Transactions too old for any window.")
	w.metrics.unreadable = metric.Counter(reg, "workshop_messages_unreadable_total", "Messages that are not transactions.")
	w.metrics.rebuilt = metric.Histogram(reg, "workshop_rebuild_seconds", "Time to rebuild a partition's windows from the log.")
	w.metrics.alerts = metric.Counters(reg, "workshop_alerts_total", "Alerts sent, by rule.", "rule")
	for _, r := range cfg.rules {
		w.metrics.alerts.WithLabelValues(r.String())
	}
	return w
}

func (w *watcher) connected(client sarama.Client, transactor *kafka.Transactor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.client, w.transactor = client, transactor
}

// claimed is a partition during one session.
type claimed struct {
	*group.Claim
	part    *window.Partition
	rebuilt bool                    // false where the group has no offset, until the first message says where it begins
	known   map[identity]bool       // alerts that are on ALERTS_TOPIC already, of records that are still to be read
	pending []window.Hit            // not yet sent
	last    *sarama.ConsumerMessage // taken in, and not yet committed; nil where there is none

	late, unreadable uint64 // as the metrics have them
}

// watch takes in one partition.
func (w *watcher) watch(ctx context.Context, claim *group.Claim) error {
	c := &claimed{Claim: claim}
	if err := w.begin(c, claim.InitialOffset()); err != nil {
		if claim.Context().Err() != nil {
			return nil // the session has ended meanwhile
		}
		return err
	}
	defer w.release(claim.Partition(), c)
	committed := time.Now()
	for msg := range claim.MessagesOr(alertAge) {
		if msg != nil {
			if err := w.take(c, msg); err != nil {
				return err
			}
		}
		if msg == nil {
			w.measure(c)
		}
		var err error
		switch {
		case len(c.pending) > 0 && (msg == nil || claim.Idle() || len(c.pending) >= alertBatch):
			err = w.send(ctx, c)
		case msg == nil && len(c.pending) == 0 && c.last != nil && time.Since(committed) >= commitEvery:
			claim.Mark(c.last)
			err = claim.Commit()
		default:
			continue
		}
		if err != nil {
			return err // the session starts again at the committed offset: reading on would leave records out
		}
		c.last, committed = nil, time.Now()
	}
	if len(c.pending) == 0 && c.last != nil {
		claim.Mark(c.last) // committed behind us
	}
	return nil // an alert that was not sent is found again
}

// take brings a message into the windows.
func (w *watcher) take(c *claimed, msg *sarama.ConsumerMessage) error {
	if !c.rebuilt && !w.cfg.forgets {
		if err := w.begin(c, msg.Offset); err != nil {
			return err
		}
	}
	c.pending = count(c.part, msg, c.pending)
	c.last = msg
	w.taken.Add(1)
	w.metrics.read.Inc()
	return nil
}

// count is what the monitor does for one record, whether it is new or read again after a crash.
func count(part *window.Partition, msg *sarama.ConsumerMessage, hits []window.Hit) []window.Hit {
	tx, err := event.ViewTransaction(msg.Value)
	if err != nil {
		part.Unreadable(msg.Offset)
		return hits
	}
	return part.Add(msg.Offset, msg.Timestamp.UnixMilli(), &tx, hits)
}

// begin brings the windows to a position, which is negative where the group has none.
func (w *watcher) begin(c *claimed, position int64) error {
	number := c.Partition()
	if c.part == nil {
		c.part = window.NewPartition(number, w.cfg.currency, w.cfg.rules)
	}
	if position >= 0 && !w.cfg.forgets {
		began := time.Now()
		known, err := w.rebuild(c.Context(), number, c.part, position)
		if err != nil {
			return fmt.Errorf("rebuild the windows of partition %d: %w", number, err)
		}
		c.known, c.rebuilt = known, true
		c.late, c.unreadable = c.part.Apart()
		w.metrics.rebuilt.Observe(time.Since(began).Seconds())
		w.process.Log.Info("windows rebuilt", "partition", number, "offset", position, "records", c.part.Snapshot(0).Read,
			"known_alerts", len(c.known), "took", time.Since(began))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parts[number] = c.part
	return nil
}

// measure brings the metrics up to what was counted apart since the last call.
func (w *watcher) measure(c *claimed) {
	late, unreadable := c.part.Apart()
	w.metrics.late.Add(float64(late - c.late))
	w.metrics.unreadable.Add(float64(unreadable - c.unreadable))
	c.late, c.unreadable = late, unreadable
}

// release takes a partition off the page. Another session may have begun with it already.
func (w *watcher) release(number int32, c *claimed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.parts[number] == c.part {
		delete(w.parts, number)
	}
}

// lookUp is the client for questions.
func (w *watcher) lookUp() (sarama.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.client == nil {
		return nil, errors.New("not connected yet")
	}
	return w.client, nil
}
