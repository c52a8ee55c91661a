package userservice

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const group = "CreateUserService"

// emails are the users' addresses, by uuid.
func emails(t *testing.T, dir string) map[string]string {
	t.Helper()
	db, err := store.OpenShared(filepath.Join(dir, "users.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT uuid, email FROM Users")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	users := map[string]string{}
	for rows.Next() {
		var id, email string
		if err := rows.Scan(&id, &email); err != nil {
			t.Fatal(err)
		}
		users[id] = email
	}
	return users
}

func TestOneUserAnAddress(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env("WORKERS", "3")
	var sending errgroup.Group
	const orders, addresses = 60, 6
	for i := range orders { // different orders of one address at once, and on several partitions
		order := streamtest.Order(t, uuid.NewString(), "10.50", fmt.Sprintf("cliente%d@loja.example", i%addresses))
		sending.Go(func() error { s.Send(event.NewOrderTopic, fmt.Sprint(i), order); return nil })
	}
	sending.Wait()
	r := kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(group, event.NewOrderTopic)
	s.SendValue(event.NewOrderTopic, "java", `{"type":"br.com.alura.ecommerce.Order","payload":{"orderId":"a1","amount":99.90,"email":"java@loja.example"},"correlationId":{"id":"NewOrder(1)"}}`)
	r.WaitFor("java@loja.example added")
	s.SendValue(event.NewOrderTopic, "java", streamtest.JavaOrderWithoutID(t))
	r.WaitFor("ana@exemplo.com.br added")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	users := emails(t, vars["STATE_DIR"])
	seen := map[string]bool{}
	for id, email := range users {
		if seen[email] {
			t.Errorf("two users have the address %s", email)
		}
		seen[email] = true
		if !strings.Contains(r.Out.String(), "User "+id+" and "+email+" added") {
			t.Errorf("no line says that user %s was added", id)
		}
	}
	if len(users) != addresses+2 {
		t.Errorf("%d users, want %d", len(users), addresses+2)
	}
	if got := strings.Count(r.Out.String(), "Processing new order, checking for new user\n"); got != orders+2 {
		t.Errorf("%d orders were shown, want %d", got, orders+2)
	}
	if strings.Contains(r.Logs.String(), "@") {
		t.Error("the log holds an e-mail address")
	}

	// The same orders again, to another life of the service: nobody is added.
	vars["CONSUMER_GROUP"] = "again"
	again := kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled("again", event.NewOrderTopic)
	if err := again.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := emails(t, vars["STATE_DIR"]); len(got) != len(users) || strings.Contains(again.Out.String(), " added") {
		t.Errorf("%d users after a repeat, want %d", len(got), len(users))
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	streamtest.PoisonBecomesLetters(t, s, event.NewOrderTopic, group, s.Env(), configure, run)
}

func TestSecondInstanceIsRefused(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env()
	s.Send(event.NewOrderTopic, "k", streamtest.Order(t, "o1", "1", "a@loja.example"))
	first := kafkatest.StartRun(t, vars, configure, run)
	first.WaitFor("a@loja.example added")
	_, inUse := errors.AsType[*store.InUseError](kafkatest.StartRun(t, vars, configure, run).Wait())
	if !inUse {
		t.Error("a second instance works on the same file")
	}
}

// Somebody holds the file's write lock: nothing is lost, and no dead letter made.
func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env()
	first := kafkatest.StartRun(t, vars, configure, run)
	s.Send(event.NewOrderTopic, "k", streamtest.Order(t, "o1", "1", "a@loja.example"))
	first.WaitFor("a@loja.example added")
	other, err := sql.Open("sqlite", "file:"+filepath.Join(vars["STATE_DIR"], "users.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	s.Send(event.NewOrderTopic, "k", streamtest.Order(t, "o2", "1", "b@loja.example"))
	first.WaitFor("another program holds the database")
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	first.WaitFor("b@loja.example added")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if letters := s.Letters(); len(letters) > 0 {
		t.Errorf("dead letters: %v", letters)
	}
}
