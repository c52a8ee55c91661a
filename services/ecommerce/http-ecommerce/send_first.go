package httpecommerce

import (
	"context"
	"database/sql"

	"workshop.example/ecommerce/store"
	"workshop.example/kit/event"
)

// sendThenStore publishes the order, then stores that it did. BROKEN ON PURPOSE: a process that dies
// between the two has published an order that it does not know, and the client's next try is published
// too; and of requests that race, each is published before any is stored.
type sendThenStore struct {
	db    *store.DB
	relay *relay
}

func (s *sendThenStore) accept(ctx context.Context, o event.Order) (answer, error) {
	var known bool
	if err := s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM Orders WHERE uuid = ?)`, o.ID).Scan(&known); err != nil {
		return 0, storing(err)
	}
	if known {
		return repeated, nil
	}
	sender, err := s.relay.sender()
	if err != nil {
		return 0, err
	}
	m := orderMessage(o, "") // the sender takes the span from ctx
	if err := sender.Send(ctx, m.topic, m.key, m.way, m.payload); err != nil {
		return 0, err
	}
	return accepted, storing(s.db.InTx(ctx, func(tx *sql.Tx) error {
		_, err := insertOrder(ctx, tx, "Orders", o)
		return err
	}))
}
