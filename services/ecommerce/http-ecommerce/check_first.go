package httpecommerce

import (
	"context"
	"database/sql"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
)

// checkThenInsert has the outbox, and a table without a unique key: it looks whether the order is there,
// then inserts it. BROKEN ON PURPOSE: of requests with one uuid that arrive together, several look before
// one has inserted, and each is accepted. No test with one request at a time will ever show it.
type checkThenInsert struct {
	db    *store.DB
	relay *relay
}

func (c *checkThenInsert) accept(ctx context.Context, o event.Order) (answer, error) {
	var known bool
	if err := c.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM OrdersWithoutKey WHERE uuid = ?)`, o.ID).Scan(&known); err != nil {
		return 0, storing(err)
	}
	if known {
		return repeated, nil
	}
	err := storing(c.db.InTx(ctx, func(tx *sql.Tx) error {
		if _, err := insertOrder(ctx, tx, "OrdersWithoutKey", o); err != nil {
			return err
		}
		return insertMessage(ctx, tx, orderMessage(o, trace.From(ctx)))
	}))
	if err == nil {
		c.relay.wake()
	}
	return accepted, err
}
