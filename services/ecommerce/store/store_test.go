package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	sqlitelib "modernc.org/sqlite/lib"

	"workshop.example/kit/service"
)

var schema = []string{
	`CREATE TABLE notes (text TEXT NOT NULL)`,
	`ALTER TABLE notes ADD COLUMN author TEXT; INSERT INTO notes VALUES ('migrated', 'two')`,
}

func mustOpen(t *testing.T, path string, migrations []string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, migrations)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func notes(t *testing.T, db *DB) int {
	t.Helper()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM notes").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Each migration is applied once, whichever the file has had before.
func TestMigrations(t *testing.T) {
	t.Parallel()
	for had := range len(schema) + 1 {
		path := filepath.Join(t.TempDir(), "folder that is missing", "a #?%20.db")
		mustOpen(t, path, schema[:had]).Close()
		for range 2 {
			db := mustOpen(t, path, schema)
			if got := notes(t, db); got != 1 {
				t.Errorf("had %d migrations: %d rows, want the migration's own", had, got)
			}
			db.Close()
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("the file is not where it was asked for: %v", err)
		}
	}
}

// A migration that fails leaves nothing of itself, and the next start tries it again.
func TestFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	broken := []string{schema[0], `INSERT INTO notes VALUES ('half'); INSERT INTO nowhere VALUES (1)`}
	if _, err := Open(t.Context(), path, broken); err == nil || !strings.Contains(err.Error(), "migration 2") {
		t.Errorf("error %v, want one of migration 2", err)
	}
	if got := notes(t, mustOpen(t, path, schema)); got != 1 { // not in use, and without the half
		t.Errorf("%d rows, want 1", got)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	mustOpen(t, path, schema).Close()
	_, err := Open(t.Context(), path, schema[:1])
	if _, usage := errors.AsType[service.UsageError](err); !usage || !strings.Contains(err.Error(), "update the program") {
		t.Errorf("error %v, want wrong use that says to update", err)
	}
}

func TestOneInstanceAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	first := mustOpen(t, path, schema)
	_, err := Open(t.Context(), path, schema)
	if inUse, ok := errors.AsType[*InUseError](err); !ok || inUse.Path != path || !strings.Contains(err.Error(), "STATE_DIR") {
		t.Errorf("error %v, want InUseError that names STATE_DIR", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path, schema)
}

// Another program holds the write lock: it is waited for, and then there is an error with its remedy.
func TestLockedByAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db := mustOpen(t, path, schema)
	other, err := OpenShared(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil) // immediate, so it has the lock
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // so that the pragma is of the connection that is used
	if _, err := db.Exec("PRAGMA busy_timeout = 100"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	_, err = db.Exec("INSERT INTO notes VALUES ('a', 'b')")
	if Code(err) != sqlitelib.SQLITE_BUSY || !strings.Contains(Failed("store", err).Error(), "end its transaction") {
		t.Errorf("error %v, want busy, with a remedy", Failed("store", err))
	}
	if waited := time.Since(began); waited < 100*time.Millisecond {
		t.Errorf("waited %s for the lock, want 100ms", waited)
	}
	if got := notes(t, db); got != 1 {
		t.Errorf("%d rows are read beside the writer, want 1", got)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO notes VALUES ('a', 'b')"); err != nil {
		t.Error(err)
	}
}

// Every connection waits: not only the one on which somebody has said so.
func TestEveryConnectionWaitsForALock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db := mustOpen(t, path, schema)
	other, err := OpenShared(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		writing.Go(func() {
			errs[i] = db.InTx(t.Context(), func(tx *sql.Tx) error {
				_, err := tx.Exec("INSERT INTO notes VALUES ('a', 'b')")
				return err
			})
		})
	}
	time.AfterFunc(300*time.Millisecond, func() { tx.Rollback() })
	writing.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got := notes(t, db); got != 1+len(errs) {
		t.Errorf("%d rows, want %d", got, 1+len(errs))
	}
}

// Transactions of one process wait for each other, not for SQLite, which may let one of them starve.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "a.db"), schema)
	var conns []*sql.Conn
	for range db.Stats().MaxOpenConnections { // the pragma is a connection's own
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 0"); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		conn.Close() // back to the pool
	}
	var writing sync.WaitGroup
	for range 4 {
		writing.Go(func() {
			for range 20 {
				err := db.InTx(t.Context(), func(tx *sql.Tx) error {
					_, err := tx.Exec("INSERT INTO notes VALUES ('a', 'b')")
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
}

// A disk that is full: the transaction leaves nothing, and the file is as good as before.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "a.db"), schema)
	db.SetMaxOpenConns(1)
	var pages int
	if err := db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA max_page_count = " + strconv.Itoa(pages+1)); err != nil { // SQLite then says that the disk is full
		t.Fatal(err)
	}
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO notes VALUES ('small', 'one')"); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO notes VALUES (?, 'two')", strings.Repeat("x", 100_000))
		return err
	})
	if Code(err) != sqlitelib.SQLITE_FULL || !strings.Contains(Failed("store", err).Error(), "make room") {
		t.Errorf("error %v, want full, with a remedy", Failed("store", err))
	}
	if got := notes(t, db); got != 1 {
		t.Errorf("%d rows, want none of the failed transaction", got)
	}
	if _, err := db.Exec("PRAGMA max_page_count = 1000"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("INSERT INTO notes VALUES (?, 'two')", strings.Repeat("x", 100_000)); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// Who only reads does not make the file that another service makes.
func TestSharedFileIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := OpenShared(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("SELECT 1"); Code(err) != sqlitelib.SQLITE_CANTOPEN {
		t.Errorf("error %v, want that it cannot be opened", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file was made")
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(context.Background(), path, schema)
	if Remedy(err) == "" {
		t.Errorf("error %v has no remedy", err)
	}
}

func TestDirFromEnv(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ value, want string }{{"", filepath.Join(cache, "kafka-workshop")}, {"/data", "/data"}} {
		env := service.EnvOf(map[string]string{"STATE_DIR": c.value})
		if got := DirFromEnv(env); got != c.want || env.Err() != nil {
			t.Errorf("STATE_DIR=%q: %q, %v, want %q", c.value, got, env.Err(), c.want)
		}
	}
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	env := service.EnvOf(nil)
	if DirFromEnv(env); env.Err() == nil {
		t.Error("no folder at all, and no mistake")
	}
}
