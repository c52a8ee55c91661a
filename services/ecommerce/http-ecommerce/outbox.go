package httpecommerce

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/trace"
	"workshop.example/kit/event"
)

// title is the gateway's in a correlation id: where an order's way begins.
const title = "NewOrder"

var migrations = []string{
	`CREATE TABLE Orders (
		uuid        TEXT PRIMARY KEY, -- the key is what makes an order one, however many requests race
		email       TEXT NOT NULL,
		amount      TEXT NOT NULL,    -- as it was written; SQLite's numbers are floats
		accepted_at TEXT NOT NULL
	) WITHOUT ROWID;
	CREATE TABLE Outbox (
		id         INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of publishing
		topic      TEXT NOT NULL,
		key        TEXT NOT NULL,
		value      BLOB NOT NULL,
		created_at TEXT NOT NULL,
		sent_at    TEXT
	);
	CREATE INDEX OutboxUnsent ON Outbox (id) WHERE sent_at IS NULL;
	CREATE TABLE OrdersWithoutKey ( -- of the intake check-first, which shows what the key is good for
		uuid        TEXT NOT NULL,
		email       TEXT NOT NULL,
		amount      TEXT NOT NULL,
		accepted_at TEXT NOT NULL
	);
	CREATE INDEX OrdersWithoutKeyUuid ON OrdersWithoutKey (uuid)`,
	// The request's span, empty where it was not traced. It is stored because the message may be published by another process.
	`ALTER TABLE Outbox ADD COLUMN traceparent TEXT NOT NULL DEFAULT ''`,
}

// answer is the outcome of a request to take an order in.
type answer int

const (
	accepted answer = iota // it is stored now, and will be published
	repeated               // it was accepted before, and is the same
	conflict               // its uuid was accepted before, with another amount or address
)

// intake is a way to take an order in. After an error the order is not accepted, and the client may try
// again with the same uuid.
type intake interface {
	accept(ctx context.Context, o event.Order) (answer, error)
}

// ledger takes orders in as it should be done, the transactional outbox: the order and the message that
// tells of it are stored in one transaction of the database, so that there is never one without the
// other. Only then the request is answered. The relay publishes what is in the outbox, when it can:
// orders are accepted while no broker answers, and a process that is killed goes on where it was.
//
// One goroutine writes, and takes all requests that wait into one transaction: a disk has some hundred
// commits a second, and many more orders.
type ledger struct {
	db     *store.DB
	wake   func() // the relay
	queue  chan *entry
	closed chan struct{}
}

// entry is one request on its way into the ledger.
type entry struct {
	order  event.Order
	parent trace.Parent
	answer answer
	result chan error
}

// most is how many orders one transaction takes.
const most = 256

func newLedger(db *store.DB, wake func()) *ledger {
	return &ledger{db: db, wake: wake, queue: make(chan *entry), closed: make(chan struct{})}
}

var errStopping = errors.New("the gateway is stopping")

func (l *ledger) accept(ctx context.Context, o event.Order) (answer, error) {
	e := &entry{order: o, parent: trace.From(ctx), result: make(chan error, 1)}
	select {
	case l.queue <- e:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-l.closed:
		return 0, errStopping
	}
	select {
	case err := <-e.result:
		return e.answer, err
	case <-ctx.Done(): // the order may be stored all the same: the client has the uuid to ask, or to try again with
		return 0, ctx.Err()
	}
}

// run writes until ctx ends. Then everything that was queued has its answer.
func (l *ledger) run(ctx context.Context) {
	defer close(l.closed)
	for {
		var entries []*entry
		select {
		case e := <-l.queue:
			entries = append(entries, e)
		case <-ctx.Done():
			return
		}
		for more := true; more && len(entries) < most; {
			select {
			case e := <-l.queue:
				entries = append(entries, e)
			default:
				more = false
			}
		}
		err := l.write(entries)
		if err == nil {
			l.wake()
		}
		for _, e := range entries {
			e.result <- err
		}
	}
}

// write stores entries in one transaction. It has no context: what has begun is ended.
func (l *ledger) write(entries []*entry) error {
	ctx := context.Background()
	return storing(l.db.InTx(ctx, func(tx *sql.Tx) error {
		for _, e := range entries {
			inserted, err := insertOrder(ctx, tx, "Orders", e.order)
			switch {
			case err != nil:
				return err
			case inserted:
				e.answer, err = accepted, insertMessage(ctx, tx, orderMessage(e.order, e.parent))
			default:
				e.answer, err = compare(ctx, tx, e.order)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// enqueue puts a message into the outbox that is no order.
func (l *ledger) enqueue(ctx context.Context, m message) error {
	err := storing(l.db.InTx(ctx, func(tx *sql.Tx) error { return insertMessage(ctx, tx, m) }))
	if err == nil {
		l.wake()
	}
	return err
}

// storing says of an error that it is the database's, and what to do about it.
func storing(err error) error {
	if err == nil {
		return nil
	}
	return store.Failed("store", err)
}

// insertOrder reports whether the order is new. The unique key decides, not a look before: between a
// look and an insert there is always time for another request.
func insertOrder(ctx context.Context, tx *sql.Tx, table string, o event.Order) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO `+table+` (uuid, email, amount, accepted_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		o.ID, o.Email, o.Amount.String(), now())
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// compare says whether the order that has the uuid is the same. 10 and 10.00 are.
func compare(ctx context.Context, tx *sql.Tx, o event.Order) (answer, error) {
	var email, amount string
	if err := tx.QueryRowContext(ctx, `SELECT email, amount FROM Orders WHERE uuid = ?`, o.ID).Scan(&email, &amount); err != nil {
		return 0, err
	}
	stored, err := decimal.NewFromString(amount)
	if err != nil {
		return 0, fmt.Errorf("amount of order %s in the database: %w", o.ID, err)
	}
	if email != o.Email || !stored.Equal(o.Amount.Decimal) {
		return conflict, nil
	}
	return repeated, nil
}

// message is what the outbox holds: complete, with its correlation id, so that publishing it again
// publishes the same bytes.
type message struct {
	topic, key string
	way        event.CorrelationID
	payload    any
	parent     trace.Parent // the span of the request; empty where it is not traced
}

func orderMessage(o event.Order, parent trace.Parent) message {
	return message{event.NewOrderTopic, o.Email, event.NewCorrelationID(title), o, parent}
}

func insertMessage(ctx context.Context, tx *sql.Tx, m message) error {
	value, err := event.EncodeEnvelope(m.payload, m.way.SentTo(m.topic))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO Outbox (topic, key, value, created_at, traceparent) VALUES (?, ?, ?, ?, ?)`,
		m.topic, m.key, value, now(), string(m.parent))
	return err
}

func now() string { return time.Now().UTC().Format(time.RFC3339Nano) }
