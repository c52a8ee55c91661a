// User-service keeps the customers: whoever orders for the first time becomes one.
//
//	topic in:  ECOMMERCE_NEW_ORDER, in the group CreateUserService
//	topic out: ECOMMERCE_DEADLETTER, for messages that cannot be read
//	key:       the order's e-mail address
//	store:     STATE_DIR/users.db, table Users(uuid, email)
//	delivery:  at-least-once, and one user an address however often an order comes: the address is
//	           unique in the table, and it is the table that decides, not a look before
package userservice

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/service"
)

// Main runs the user-service, and exits.
func Main() {
	service.Main(service.About{
		Name:    "user-service",
		Summary: "user-service makes a user of every e-mail address that orders for the first time, in a SQLite file.",
		Example: "  user-service\n" +
			"  user-service --state-dir /tmp/shop\n" +
			"  sqlite3 ~/.cache/kafka-workshop/users.db 'SELECT * FROM Users'      look into it meanwhile",
	}, configure, run)
}

type config struct {
	stream stream.Settings
	dir    string
}

func configure(env *service.Env) config {
	return config{stream: stream.SettingsFromEnv(env, "CreateUserService", 1), dir: store.DirFromEnv(env)}
}

var migrations = []string{
	`CREATE TABLE Users (uuid TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE)`,
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	path := filepath.Join(cfg.dir, "users.db")
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers, "group", cfg.stream.Member.Group, "database",
		path)
	db, err := store.Open(ctx, path, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	users := &users{db: db, process: p}
	return cfg.stream.ConsumeBatches(ctx, p, event.NewOrderTopic, users.orders)
}

type users struct {
	db      *store.DB
	process *service.Process
}

// orders stores the customers of a batch in one transaction: a commit waits for the disk, whatever is in it.
func (u *users) orders(ctx context.Context, batch []stream.Received) (done int, err error) {
	var blocks []string
	var bad error // of the order behind them
	err = u.db.InTx(ctx, func(tx *sql.Tx) error {
		for _, r := range batch {
			var order event.Order
			if order, bad = r.Order(); bad != nil {
				return nil
			}
			id := uuid.NewString()
			added, err := add(ctx, tx, id, order.Email)
			if err != nil {
				return err
			}
			block := stream.Separator + "\nProcessing new order, checking for new user\n" + stream.Show(r.Record.Value)
			if added {
				block += "\nUser " + id + " and " + stream.Show([]byte(order.Email)) + " added"
			}
			blocks = append(blocks, block)
		}
		return nil
	})
	if err != nil {
		return 0, store.Failed("store the users", err)
	}
	for _, block := range blocks {
		fmt.Fprintln(u.process.Out, block)
	}
	u.process.Out.Flush()
	return len(blocks), bad
}

// add reports whether the address was new. To look first and to insert then would let two orders at
// once both find nothing.
func add(ctx context.Context, tx *sql.Tx, id, email string) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO Users (uuid, email) VALUES (?, ?) ON CONFLICT (email) DO NOTHING`, id, email)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
