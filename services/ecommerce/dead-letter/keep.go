package deadletter

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/store"
)

var migrations = []string{
	`CREATE TABLE letters (
		cluster         TEXT    NOT NULL, -- a cluster that is made anew counts its offsets anew
		partition       INTEGER NOT NULL,
		offset          INTEGER NOT NULL,
		written_at      INTEGER NOT NULL, -- the record's time in ms: a topic that is made anew counts its offsets anew, too
		form            TEXT    NOT NULL, -- json, java or raw
		topic           TEXT,             -- where the message stood, as far as the letter says so
		topic_partition INTEGER,
		topic_offset    INTEGER,
		service         TEXT,
		reason          TEXT    NOT NULL,
		error           TEXT,
		attempt         INTEGER NOT NULL,
		at              TEXT,
		correlation_id  TEXT,
		key             BLOB,
		message         BLOB,             -- the original's value; text where it is text
		PRIMARY KEY (cluster, partition, offset, written_at)
	)`,
}

// keep stores a letter and reports whether it was new.
func keep(ctx context.Context, db *store.DB, cluster string, msg *sarama.ConsumerMessage, l letter) (bool, error) {
	result, err := db.ExecContext(ctx, `INSERT INTO letters (cluster, partition, offset, written_at, form, topic, topic_partition,
		topic_offset, service, reason, error, attempt, at, correlation_id, key, message)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		cluster, msg.Partition, msg.Offset, msg.Timestamp.UnixMilli(), l.form, orNull(l.topic), placeOrNull(int64(l.partition)),
		placeOrNull(l.offset),
		orNull(l.service), l.reason, orNull(l.error), l.attempt, orNull(l.at), orNull(string(l.way)), textOrBytes(msg.Key),
		textOrBytes(l.message))
	if err != nil {
		return false, store.Failed("keep the dead letter", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func placeOrNull(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

// textOrBytes lets sqlite3 show what is text as text. A NUL would end it there.
func textOrBytes(b []byte) any {
	switch {
	case b == nil:
		return nil
	case utf8.Valid(b) && !slices.Contains(b, 0):
		return string(b)
	default:
		return b
	}
}
