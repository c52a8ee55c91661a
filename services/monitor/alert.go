package monitor

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/history"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"

	"workshop.example/monitor/window"
)

// latestAlerts is how many alerts the page shows.
const latestAlerts = 20

// identity is the digest of what two alerts share that tell the same: the rule, whom it is about, and the record. A topic that was
// made anew has records at the same offsets, but not at the same time. It is a digest because there may be many.
type identity [16]byte

func identityOf(a event.AlertRecord) (id identity) {
	digest := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %s", a.Rule, a.Source.Offset, a.TimestampMS, a.Subject()))
	copy(id[:], digest[:])
	return id
}

// alert is the record of a hit.
func (w *watcher) alert(partition int32, h window.Hit) event.AlertRecord {
	return event.AlertRecord{
		Rule: h.Rule.String(), IDUsuario: h.User, IDPlataforma: h.Platform, Count: h.Count, ValorCentavos: h.Cents,
		Moeda: w.cfg.currency, TimestampMS: h.Milli, Source: event.Source{Partition: partition, Offset: h.Offset},
	}
}

// send publishes the alerts that are pending, and commits the offset behind the last message, in one transaction.
func (w *watcher) send(ctx context.Context, c *claimed) error {
	var alerts []event.AlertRecord
	var msgs []*sarama.ProducerMessage
	var about []history.Subject
	for _, h := range c.pending {
		a := w.alert(c.Partition(), h)
		if c.known[identityOf(a)] && !w.cfg.apart {
			continue
		}
		value, err := json.Marshal(a)
		if err != nil {
			return fmt.Errorf("encode the alert of offset %d: %w", h.Offset, err)
		}
		alerts = append(alerts, a)
		// The transaction's own time, so that the alerts of a time are found by it, as in rebuild.
		msgs = append(msgs, &sarama.ProducerMessage{
			Topic: w.cfg.alerts, Key: sarama.StringEncoder(a.Subject()), Value: sarama.ByteEncoder(value), Timestamp: time.UnixMilli(h.Milli),
		})
		about = append(about, history.Subject{Stream: a.Rule + " " + a.Subject(), Number: int(h.Offset)})
	}
	c.pending = c.pending[:0]
	if len(msgs) == 0 {
		c.Mark(c.last)
		return c.Commit()
	}
	if err := w.transact(ctx, c, msgs, about); err != nil {
		return err
	}
	w.tell(alerts)
	return nil
}

func (w *watcher) transact(ctx context.Context, c *claimed, msgs []*sarama.ProducerMessage, about []history.Subject) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	t := w.transactor
	err := t.Begin(ctx)
	if err == nil {
		err = t.SendAll(ctx, msgs, about)
	}
	if err == nil && !w.cfg.apart {
		err = t.AddOffset(c.GroupMetadata(), c.last)
	}
	if err == nil {
		err = t.Commit(ctx)
	}
	if err != nil {
		return errors.Join(err, t.Abort(ctx))
	}
	if w.cfg.apart {
		c.Mark(c.last)
		return c.Commit()
	}
	c.Committed(c.last)
	return nil
}

// tell prints alerts that are committed, and keeps the last for the page.
func (w *watcher) tell(alerts []event.AlertRecord) {
	for _, a := range alerts {
		w.process.Out.Print(w.words.alert(a))
		w.metrics.alerts.WithLabelValues(a.Rule).Inc()
	}
	w.sent.Add(uint64(len(alerts)))
	w.remember(alerts)
}

func (w *watcher) remember(alerts []event.AlertRecord) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.latest = latestOf(append(w.latest, alerts...))
}

// latestOf sorts alerts by time, drops what is there twice, and keeps the last of them.
func latestOf(alerts []event.AlertRecord) []event.AlertRecord {
	slices.SortFunc(alerts, func(a, b event.AlertRecord) int {
		return cmp.Or(
			cmp.Compare(a.TimestampMS, b.TimestampMS), cmp.Compare(a.Source.Partition, b.Source.Partition),
			cmp.Compare(a.Source.Offset, b.Source.Offset), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject(), b.Subject()))
	})
	alerts = slices.Compact(alerts)
	return slices.Clone(alerts[max(0, len(alerts)-latestAlerts):])
}

// told returns the alerts on ALERTS_TOPIC that are about records of a partition from an offset on. There are none as long as
// offsets are committed together with alerts; there are where somebody has moved the group's offset back, or deleted it. None of
// them can be of a time before since.
//
// It reads up to the last stable offset. A transaction that is open beyond it is somebody else's: one of this partition would have
// held back the group's offset, for which a member waits before it begins.
func (w *watcher) told(ctx context.Context, client sarama.Client, partition int32, offset, since int64) (map[identity]bool, error) {
	partitions, err := client.Partitions(w.cfg.alerts)
	if err != nil {
		return nil, fmt.Errorf("partitions of %s: %w", w.cfg.alerts, err)
	}
	known := map[identity]bool{}
	var shown []event.AlertRecord
	for _, number := range partitions {
		end, err := kafka.StableOffset(client, w.cfg.alerts, number)
		if err != nil {
			return nil, fmt.Errorf("alerts before: %w", err)
		}
		log := reach{client: client, topic: w.cfg.alerts, partition: number, oldest: sarama.OffsetOldest, end: end}
		from, err := log.first(since)
		if err != nil {
			return nil, fmt.Errorf("alerts before: %w", err)
		}
		err = log.read(ctx, from, func(msg *sarama.ConsumerMessage) {
			a, err := event.DecodeAlertRecord(msg.Value)
			if err != nil {
				w.process.Log.Warn("not an alert: passed", "topic", msg.Topic, "partition", msg.Partition, "offset", msg.Offset, "error", err)
				return
			}
			if a.Source.Partition != partition {
				return
			}
			if a.Source.Offset >= offset {
				known[identityOf(a)] = true
			}
			if shown = append(shown, a); len(shown) > 10*latestAlerts {
				shown = latestOf(shown)
			}
		})
		if err != nil {
			return nil, fmt.Errorf("alerts before: %w", err)
		}
	}
	w.remember(shown)
	return known, nil
}

// words for an alert, as a line for students.
func (v words) alert(a event.AlertRecord) string {
	place := fmt.Sprintf(v.place, a.Rule, a.Source.Partition, a.Source.Offset)
	if a.IDPlataforma != "" {
		return fmt.Sprintf(v.silent, a.IDPlataforma, place)
	}
	return fmt.Sprintf(v.tooMuch, service.Safe(a.IDUsuario), a.Count, v.money(a.ValorCentavos), a.Moeda, place)
}
