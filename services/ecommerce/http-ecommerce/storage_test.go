package httpecommerce

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"workshop.example/ecommerce/store"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// A database that another program holds refuses the order after a while; nothing is half there.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, topics()...)
	dir := t.TempDir()
	g := startGateway(t, c.Bootstrap(), dir)
	other, err := store.OpenShared(filepath.Join(dir, "http-ecommerce.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	held := make(chan struct{})
	release := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		other.InTx(context.Background(), func(*sql.Tx) error { close(held); <-release; return nil })
	})
	<-held
	body := `{"uuid":"u-1","email":"ana@example.com","amount":1}`
	code, _ := g.do("POST", "/orders", body)
	close(release)
	done.Wait()
	if code != 503 {
		t.Errorf("locked: %d, want 503", code)
	}
	// On a very slow machine the request's time ends before SQLite gives up: then the order was stored later.
	late := strings.Contains(g.Logs.String(), context.DeadlineExceeded.Error())
	if code, _ := g.do("POST", "/orders", body); code != 201 && !(late && code == 200) {
		t.Errorf("free again: %d, want 201", code)
	}
	kafkatest.Eventually(t, "one order, once", func() bool { return orders(t, c)["u-1"] == 1 })
}

// A full disk refuses orders, and loses none that was accepted. A file that may not grow is as full.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "full.db"), migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // the limit is one of the connection
	if _, err := db.Exec("PRAGMA max_page_count = 30"); err != nil {
		t.Fatal(err)
	}
	l := newLedger(db, func() {})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go l.run(ctx)
	var acceptedOrders int
	for n := range 2000 {
		_, err := l.accept(ctx, event.Order{ID: fmt.Sprintf("u-%d", n), Email: "ana@example.com", Amount: mustAmount(t, "1")})
		if err != nil {
			if !strings.Contains(err.Error(), "make room") {
				t.Errorf("the error has no remedy: %v", err)
			}
			break
		}
		acceptedOrders++
	}
	if acceptedOrders == 0 || acceptedOrders == 2000 {
		t.Fatalf("%d orders were accepted: the disk was never full", acceptedOrders)
	}
	var stored, outbox int
	if err := db.QueryRow("SELECT (SELECT count(*) FROM Orders), (SELECT count(*) FROM Outbox)").Scan(&stored, &outbox); err != nil {
		t.Fatal(err)
	}
	if stored != acceptedOrders || outbox != acceptedOrders {
		t.Errorf("accepted %d, stored %d, to publish %d", acceptedOrders, stored, outbox)
	}
	if _, err := db.Exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.accept(ctx, event.Order{ID: "later", Email: "ana@example.com", Amount: mustAmount(t, "1")}); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
