package main

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
	"workshop.example/kit/event"
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
	relayMost  = 500             // messages at once
	lookEvery  = 5 * time.Second // without being woken: what an earlier life of the process has left
	pauseAfter = time.Second     // a failure
	sayEvery   = 10 * time.Second
)

func newRelay(db *store.DB, s stream.Settings, p *service.Process) *relay {
	r := &relay{db: db, settings: s, process: p, woken: make(chan struct{}, 1), unsent: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "workshop_outbox_unsent", Help: "Messages in the outbox that no broker has acknowledged yet.",
	})}
	p.Ops.Registry.MustRegister(r.unsent)
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
		case <-r.woken:
		case <-look.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// publish sends the oldest unsent messages and marks those that were acknowledged; n is how many it
// found.
func (r *relay) publish(ctx context.Context, sender *stream.Sender) (n int, err error) {
	ids, messages, err := r.unsentMessages(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	outcomes := sender.PublishAll(ctx, messages)
	var sent []int64
	for i, outcome := range outcomes {
		if outcome == nil {
			sent = append(sent, ids[i])
		} else {
			err = outcome
		}
	}
	// Without the context: what was acknowledged is marked also on the way out, or it is sent twice.
	marking := r.mark(context.WithoutCancel(ctx), sent)
	r.unsent.Set(float64(len(ids) - len(sent)))
	return len(ids), errors.Join(err, marking)
}

func (r *relay) unsentMessages(ctx context.Context) (ids []int64, messages []*sarama.ProducerMessage, err error) {
	rows, err := r.db.QueryContext(ctx, `SELECT id, topic, key, value FROM Outbox WHERE sent_at IS NULL ORDER BY id LIMIT ?`, relayMost)
	if err != nil {
		return nil, nil, storing(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var topic, key string
		var value []byte
		if err := rows.Scan(&id, &topic, &key, &value); err != nil {
			return nil, nil, storing(err)
		}
		ids = append(ids, id)
		messages = append(messages, &sarama.ProducerMessage{
			Topic: r.settings.Topic(topic), Key: sarama.StringEncoder(key), Value: sarama.ByteEncoder(value),
		})
	}
	return ids, messages, storing(rows.Err())
}

func (r *relay) mark(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return storing(r.db.InTx(ctx, func(tx *sql.Tx) error {
		update, err := tx.PrepareContext(ctx, `UPDATE Outbox SET sent_at = ? WHERE id = ?`)
		if err != nil {
			return err
		}
		at := now()
		for _, id := range ids {
			if _, err := update.ExecContext(ctx, at, id); err != nil {
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
