package httpecommerce

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// relay publishes what is in the outbox, in its order, and marks it. It marks after the acknowledgement:
// a process that dies between the two publishes the same bytes again. So a message is published at least
// once, and whoever reads it has to know an order by its uuid: see the fraud detector.
type relay struct {
	db       *store.DB
	settings stream.Settings
	process  *service.Process
	woken    chan struct{}
	unsent   prometheus.Gauge

	mu     sync.Mutex
	direct *stream.Sender // for the intakes without an outbox
}

const (
	relayMost  = 2000                  // messages at once
	relayPace  = 50 * time.Millisecond // from one publication to the next, unless more than those wait
	lookEvery  = 5 * time.Second       // without being woken: what an earlier life of the process has left
	pauseAfter = time.Second           // a failure
	sayEvery   = 10 * time.Second
)

func newRelay(db *store.DB, s stream.Settings, p *service.Process) *relay {
	r := &relay{db: db, settings: s, process: p, woken: make(chan struct{}, 1)}
	r.unsent = metric.Register(p.Ops.Registry, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "workshop_outbox_unsent", Help: "Messages in the outbox that no broker has acknowledged yet.",
	}))
	return r
}

// wake says that there is something new.
func (r *relay) wake() {
	select {
	case r.woken <- struct{}{}:
	default: // it is awake already
	}
}

// run publishes until ctx ends.
func (r *relay) run(ctx context.Context) error {
	sender, err := r.settings.NewSender(ctx, r.process, event.NewOrderTopic, event.SendToAllTopic)
	if err != nil {
		return err
	}
	defer sender.Close()
	r.mu.Lock()
	r.direct = sender
	r.mu.Unlock()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var said time.Time
	for ctx.Err() == nil {
		began := time.Now()
		n, err := r.publish(ctx, sender)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil // what was not marked is published by the next life
		case err != nil:
			if time.Since(said) > sayEvery {
				said = time.Now()
				r.process.Log.Warn("the outbox waits; nothing is lost, trying again", "error", err)
			}
			wait.Sleep(ctx, pauseAfter)
			continue
		case n == relayMost:
			continue // there is more
		}
		select {
		case <-r.woken: // what comes alone is published at once, and what comes meanwhile together
			wait.Sleep(ctx, relayPace-time.Since(began))
		case <-look.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// publish sends the oldest unsent messages and marks those that were acknowledged; n is how many it
// found.
func (r *relay) publish(ctx context.Context, sender *stream.Sender) (n int, err error) {
	ids, messages, spans, err := r.unsentMessages(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	var sent []span
	unsent := 0
	for i, outcome := range sender.PublishAll(ctx, messages) {
		if outcome == nil {
			spans[i].End(nil)
		}
		switch {
		case outcome != nil:
			unsent++
			err = outcome
		case len(sent) > 0 && i > 0 && sent[len(sent)-1].last == ids[i-1]:
			sent[len(sent)-1].last = ids[i]
		default:
			sent = append(sent, span{ids[i], ids[i]})
		}
	}
	// Without the context: what was acknowledged is marked also on the way out, or it is sent twice.
	marking := r.mark(context.WithoutCancel(ctx), sent)
	r.unsent.Set(float64(unsent))
	return len(ids), errors.Join(err, marking)
}

// span is messages that stand one behind the other in the outbox. Others may have been sent before; none that has
// not been looked at is between them, because ids grow in the order of the commits.
type span struct{ first, last int64 }

// unsentMessages returns the oldest messages that are not sent, and for each the span of its wait in the outbox, nil where it is
// not traced.
func (r *relay) unsentMessages(ctx context.Context) (ids []int64, messages []*sarama.ProducerMessage, spans []*trace.Span, err error) {
	rows, err := r.db.QueryContext(ctx,
		`SELECT id, topic, key, value, created_at, traceparent FROM Outbox WHERE sent_at IS NULL ORDER BY id LIMIT ?`, relayMost)
	if err != nil {
		return nil, nil, nil, storing(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var topic, key, created, parent string
		var value []byte
		if err := rows.Scan(&id, &topic, &key, &value, &created, &parent); err != nil {
			return nil, nil, nil, storing(err)
		}
		msg := &sarama.ProducerMessage{Topic: r.settings.Topic(topic), Key: sarama.StringEncoder(key), Value: sarama.ByteEncoder(value)}
		span := r.waiting(created, trace.Parent(parent))
		span.Inject(msg)
		ids, messages, spans = append(ids, id), append(messages, msg), append(spans, span)
	}
	return ids, messages, spans, storing(rows.Err())
}

// waiting is the span of a message that has been in the outbox since a request stored it.
func (r *relay) waiting(since string, parent trace.Parent) *trace.Span {
	if parent == "" {
		return nil
	}
	began, err := time.Parse(time.RFC3339Nano, since)
	if err != nil {
		began = time.Now()
	}
	return r.settings.Trace.Since(began, parent, "outbox")
}

// mark notes that messages were sent, mostly all of them with one statement.
func (r *relay) mark(ctx context.Context, sent []span) error {
	if len(sent) == 0 {
		return nil
	}
	return storing(r.db.InTx(ctx, func(tx *sql.Tx) error {
		at := now()
		for _, s := range sent {
			_, err := tx.ExecContext(ctx, `UPDATE Outbox SET sent_at = ? WHERE sent_at IS NULL AND id BETWEEN ? AND ?`, at, s.first, s.last)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// errNoBroker is an order that cannot be published at once, and so is not taken in without an outbox.
var errNoBroker = errors.New("no broker has answered since the start")

// sender publishes at once, for the intakes that have no outbox.
func (r *relay) sender() (*stream.Sender, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.direct == nil {
		return nil, errNoBroker
	}
	return r.direct, nil
}
