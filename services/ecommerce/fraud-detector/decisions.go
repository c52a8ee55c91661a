package frauddetector

import (
	"context"
	"database/sql"

	"workshop.example/ecommerce/store"
)

// A decision belongs to one record, the first with its order. The record is identified by cluster, topic,
// partition, offset and the topic's id: a recreated cluster has no decisions yet, and a topic that was
// deleted and created again counts its offsets from 0, while the decisions about its orders remain.
var migrations = []string{
	`CREATE TABLE Orders (
		cluster   TEXT    NOT NULL,
		topic     TEXT    NOT NULL,
		uuid      TEXT    NOT NULL,
		decision  TEXT    NOT NULL CHECK (decision IN ('approved', 'rejected')),
		partition INTEGER NOT NULL, -- of the record that the decision belongs to
		"offset"  INTEGER NOT NULL,
		decided_at TEXT   NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
		PRIMARY KEY (cluster, topic, uuid)
	) WITHOUT ROWID`,
	// Empty in rows that are older than this column: of those, partition and offset alone have to do.
	`ALTER TABLE Orders ADD COLUMN topic_id TEXT NOT NULL DEFAULT ''`,
}

// The decisions about an order.
const (
	approved = "approved"
	rejected = "rejected"
)

// repeated is what the metrics call an order that was decided before.
const repeated = "repeated"

// What the detector remembers of a decision. All but the first are broken on purpose.
const (
	byPlace  = "place"   // the record that it belongs to
	byUUID   = "uuid"    // only the order, as the original: a crash between row and transaction loses a decision
	byNobody = "nothing" // each record is decided: an order that comes twice is decided twice
)

// decisions are what was decided, in SQLite.
type decisions struct {
	db       *store.DB
	cluster  string
	remember string
}

// place is where a record stands, and what is to be decided about the order in it.
type place struct {
	topic     string
	partition int32
	offset    int64
	topicID   string // see kafka.RecordTopic
	uuid      string
	decision  string
}

// claim stores each decision unless its order has one already, all in one transaction. The result says of
// each place whether the decision is that record's: true for the record that the order was first decided
// for, also when it comes again; false for any other record with that order.
func (d *decisions) claim(ctx context.Context, places []place) (mine []bool, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	mine = make([]bool, len(places))
	err = d.db.InTx(ctx, func(tx *sql.Tx) error {
		insert, err := tx.PrepareContext(ctx,
			`INSERT INTO Orders (cluster, topic, uuid, decision, partition, "offset", topic_id) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		owner, err := tx.PrepareContext(ctx, `SELECT partition, "offset", topic_id FROM Orders WHERE cluster = ? AND topic = ? AND uuid = ?`)
		if err != nil {
			return err
		}
		for i, p := range places {
			result, err := insert.ExecContext(ctx, d.cluster, p.topic, p.uuid, p.decision, p.partition, p.offset, p.topicID)
			if err != nil {
				return err
			}
			inserted, err := result.RowsAffected()
			if err != nil {
				return err
			}
			if mine[i] = inserted == 1 || d.remember == byNobody; mine[i] || d.remember == byUUID {
				continue
			}
			var partition int32
			var offset int64
			var topicID string
			if err := owner.QueryRowContext(ctx, d.cluster, p.topic, p.uuid).Scan(&partition, &offset, &topicID); err != nil {
				return err
			}
			mine[i] = partition == p.partition && offset == p.offset && (topicID == p.topicID || topicID == "")
		}
		return nil
	})
	if err != nil {
		return nil, store.Failed("store decisions", err)
	}
	return mine, nil
}
