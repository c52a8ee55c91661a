package httpecommerce

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// Of messages that are published together those that were acknowledged are marked, and no others: one that was refused stands in the
// midst of them, and another was sent before.
func TestRelayMarksWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	s.LimitMessages(event.SendToAllTopic, 4<<10)
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "gateway.db"), migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	for _, payload := range []string{"1", "sent before", "2", strings.Repeat("too large", 1000), "3", "4"} {
		err := db.InTx(ctx, func(tx *sql.Tx) error {
			return insertMessage(ctx, tx, message{topic: event.SendToAllTopic, key: "k", way: event.NewCorrelationID("Test"), payload: payload})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(ctx, `UPDATE Outbox SET sent_at = 'before' WHERE id = 2`); err != nil {
		t.Fatal(err)
	}
	r := kafkatest.StartRun(t, s.Env(), stream.SendingFromEnv, func(ctx context.Context, settings stream.Settings, p *service.Process) error {
		sender, err := settings.NewSender(ctx, p, event.SendToAllTopic)
		if err != nil {
			return err
		}
		defer sender.Close()
		if n, err := newRelay(db, settings, p).publish(ctx, sender); n != 5 || err == nil {
			t.Errorf("published %d, %v; want 5, and an error", n, err)
		}
		return nil
	})
	if err := r.Wait(); err != nil {
		t.Fatal(err)
	}
	var unsent []int
	rows, err := db.QueryContext(ctx, `SELECT id FROM Outbox WHERE sent_at IS NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		unsent = append(unsent, id)
	}
	if got := len(s.ReadAll(event.SendToAllTopic)); !slices.Equal(unsent, []int{4}) || got != 4 {
		t.Errorf("unsent %v, want 4 alone; %d messages on the topic, want 4", unsent, got)
	}
	var before string
	if err := db.QueryRowContext(ctx, `SELECT sent_at FROM Outbox WHERE id = 2`).Scan(&before); err != nil || before != "before" {
		t.Errorf("what was sent before is marked %q, %v", before, err)
	}
}
