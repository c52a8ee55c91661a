package httpecommerce

import (
	"context"
	"database/sql"

	"workshop.example/ecommerce/store"
	"workshop.example/kit/event"
)

// storeThenSend has no outbox: it stores the order, then publishes it. BROKEN ON PURPOSE: a process that
// dies between the two, or brokers that are away for longer than a send tries, leave an order that is
// stored and was never published. The client's next try is told "Old order received.", and nobody will
// ever look at it again.
type storeThenSend struct {
	db    *store.DB
	relay *relay
}

func (s *storeThenSend) accept(ctx context.Context, o event.Order) (answer, error) {
	sender, err := s.relay.sender()
	if err != nil {
		return 0, err
	}
	var result answer
	err = storing(s.db.InTx(ctx, func(tx *sql.Tx) error {
		inserted, err := insertOrder(ctx, tx, "Orders", o)
		if err == nil && !inserted {
			result, err = compare(ctx, tx, o)
		}
		return err
	}))
	if err != nil || result != accepted {
		return result, err
	}
	m := orderMessage(o, "") // the sender takes the span from ctx
	return accepted, sender.Send(ctx, m.topic, m.key, m.way, m.payload)
}
