// Package store opens the SQLite files in which the services keep what a topic does not keep for them:
// which orders there are, which were decided, who the users are.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"workshop.example/kit/service"
)

// DB is one SQLite file.
type DB struct {
	*sql.DB
	lock    *flock.Flock  // nil where others may write too
	writing chan struct{} // holds a token while a transaction of this process is under way
}

// InUseError is a file that another instance of the same service has.
type InUseError struct{ Path string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("another instance works with %s: stop it, or give this one a STATE_DIR of its own", e.Path)
}

// Open opens the file for the one service that writes to it, makes it where it is missing, and applies
// the migrations that it has not had yet. A second instance on the same file is an *InUseError: what the
// service has in hand is in no row yet, and two of them would do it twice. The lock ends with the
// process, in whatever way that ends.
//
// Migrations are applied in order, each in a transaction of its own with its number (PRAGMA
// user_version). They may be added, and never changed: somebody's file has had them.
func Open(ctx context.Context, path string, migrations []string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, service.UsageError(fmt.Sprintf("the folder for %s: %v; choose one that can be written with STATE_DIR", path, err))
	}
	lock := flock.New(path + ".lock")
	locked, err := lock.TryLock()
	if err != nil {
		return nil, service.UsageError(fmt.Sprintf("lock %s: %v; choose a folder that can be written with STATE_DIR", path, err))
	}
	if !locked {
		return nil, &InUseError{path}
	}
	db, err := open(path, "rwc")
	if err == nil {
		err = migrate(ctx, db, migrations)
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &DB{DB: db, lock: lock, writing: make(chan struct{}, 1)}, nil
}

// OpenShared opens a file that another service writes to, for reading; that one makes it and applies its
// migrations. A file that is not there yet is an error of every query, not of OpenShared.
func OpenShared(path string) (*DB, error) {
	db, err := open(path, "rw")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &DB{DB: db, writing: make(chan struct{}, 1)}, nil
}

// open sets what every connection needs:
//   - WAL: readers, sqlite3 in a terminal among them, do not stop the writer;
//   - synchronous=FULL: a commit is on the disk before it returns. WAL's own default, NORMAL, outlives
//     the death of the process, but the last commits not that of the machine;
//   - busy_timeout: another's write is waited for, before SQLITE_BUSY is an error;
//   - transactions take the write lock at their begin, where waiting still helps: one that has read and
//     then wants to write is refused at once.
func open(path, mode string) (*sql.DB, error) {
	query := url.Values{
		"mode":    {mode},
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(5000)", "foreign_keys(1)", "cache_size(-2000)"},
		"_txlock": {"immediate"},
	}
	db, err := sql.Open("sqlite", (&url.URL{
		Scheme:   "file",
		Opaque:   url.PathEscape(filepath.ToSlash(path)),
		RawQuery: query.Encode(),
	}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(2) // one writes, one reads beside it; each has a page cache
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB, migrations []string) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have > len(migrations) {
		return service.UsageError(fmt.Sprintf("it was written by a newer version of this program (schema %d, this one knows %d): update "+
			"the program", have, len(migrations)))
	}
	for number := have; number < len(migrations); number++ {
		err := inTx(ctx, db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, migrations[number]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", number+1)) // takes no parameters
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %d: %w", number+1, err)
		}
	}
	return nil
}

// Close closes the file and gives it free.
func (db *DB) Close() error {
	err := db.DB.Close()
	if db.lock != nil {
		err = errors.Join(err, db.lock.Close())
	}
	return err
}

// InTx runs work in one transaction: all of it is stored, or nothing. Transactions of this process take
// turns. SQLite has no queue for its write lock: who waits looks again now and then, and beside one who writes
// all the time may find it taken until busy_timeout.
func (db *DB) InTx(ctx context.Context, work func(*sql.Tx) error) error {
	select {
	case db.writing <- struct{}{}:
		defer func() { <-db.writing }()
		return inTx(ctx, db.DB, work)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func inTx(ctx context.Context, db *sql.DB, work func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone: a full disk makes SQLite roll back by itself.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || Code(err) == sqlitelib.SQLITE_ERROR {
		return nil
	}
	return err
}

// Code is SQLite's primary result code behind an error, 0 where it is none of SQLite's.
func Code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// Remedy says what to do about an error of SQLite, for a log; empty where there is nothing to advise.
// https://www.sqlite.org/rescode.html
func Remedy(err error) string {
	switch Code(err) {
	case sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR:
		return "the disk is full, or broken: make room"
	case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED:
		return "another program holds the database: end its transaction (a sqlite3 or DB Browser with unsaved changes?)"
	case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_PERM:
		return "the file or its folder cannot be written: look at its owner and rights"
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return "the file is damaged, or is none of SQLite's: restore it, or move it away"
	default:
		return ""
	}
}
