package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/store"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

// gateway is a gateway at work in the test's process.
type gateway struct {
	*kafkatest.Run
	t   *testing.T
	dir string
	url string
}

func startGateway(t *testing.T, bootstrap, dir string, more ...string) *gateway {
	t.Helper()
	vars := map[string]string{"BOOTSTRAP_SERVERS": bootstrap, "STATE_DIR": dir, "HTTP_PORT": "0"}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	g := &gateway{Run: kafkatest.StartRun(t, vars, configure, run), t: t, dir: dir}
	kafkatest.Eventually(t, "the gateway's address", func() bool {
		for _, line := range g.Out.Lines() {
			if strings.HasPrefix(line, "http://") {
				g.url = strings.TrimSuffix(line, "/")
			}
		}
		return g.url != ""
	})
	return g
}

// topics are the system's, as a kafkatest cluster wants them.
func topics() []string {
	var names []string
	for _, topic := range event.EcommerceTopics {
		names = append(names, topic+":3")
	}
	return names
}

func (g *gateway) do(method, path, body string) (code int, answer string) {
	g.t.Helper()
	req, err := http.NewRequest(method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// orders are the orders on the topic, with the number of their records.
func orders(t *testing.T, c *kafkatest.Cluster) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, msg := range c.ReadAll(event.NewOrderTopic) {
		count[mustOrder(t, msg).ID]++
	}
	return count
}

func mustOrder(t *testing.T, msg *sarama.ConsumerMessage) event.Order {
	t.Helper()
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		t.Fatal(err)
	}
	order, err := envelope.Order()
	if err != nil {
		t.Fatal(err)
	}
	return order
}

func TestDocumentsWords(t *testing.T) {
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	for _, step := range []struct {
		path, want string
		code       int
	}{
		{"/new?email=ana@example.com&amount=153", "New order sent\n", 200},
		{"/new?email=ana@example.com&amount=153&uuid=u-1", "New order sent\n", 200},
		{"/new?email=ana@example.com&amount=153&uuid=u-1", "Old order received.\n", 200},
		{"/new?email=ana@example.com&amount=154&uuid=u-1", "Old order received.\n", 200},
		{"/admin/generate-reports", "Report requests generated\n", 200},
	} {
		if code, got := g.do("GET", step.path, ""); code != step.code || got != step.want {
			t.Errorf("GET %s: %d %q, want %d %q", step.path, code, got, step.code, step.want)
		}
	}
	kafkatest.Eventually(t, "two orders and one command", func() bool {
		return len(orders(t, c)) == 2 && len(c.ReadAll(event.SendToAllTopic)) == 1
	})
	command := c.ReadAll(event.SendToAllTopic)[0]
	envelope, err := event.DecodeEnvelope(command.Value)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := envelope.Text(); text != event.ReportTopic || string(command.Key) != event.ReportTopic || err != nil {
		t.Errorf("command %q, key %q, %v; want both %s", text, command.Key, err, event.ReportTopic)
	}
	for _, msg := range c.ReadAll(event.NewOrderTopic) {
		order := mustOrder(t, msg)
		if string(msg.Key) != "ana@example.com" || order.Email != "ana@example.com" || order.Amount.String() != "153" {
			t.Errorf("key %q, order %+v", msg.Key, order)
		}
	}
}

func TestPostOrders(t *testing.T) {
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	post := func(body string) int { code, _ := g.do("POST", "/orders", body); return code }
	for _, step := range []struct {
		name, body string
		want       int
	}{
		{"new", `{"uuid":"u-1","email":"ana@example.com","amount":10.50}`, 201},
		{"the same", `{"uuid":"u-1","email":"ana@example.com","amount":10.50}`, 200},
		{"the same, other scale", `{"uuid":"u-1","email":"ana@example.com","amount":10.5}`, 200},
		{"other amount", `{"uuid":"u-1","email":"ana@example.com","amount":10.51}`, 409},
		{"other address", `{"uuid":"u-1","email":"bia@example.com","amount":10.50}`, 409},
		{"no uuid", `{"email":"ana@example.com","amount":1}`, 400},
		{"amount as text", `{"uuid":"u-2","email":"ana@example.com","amount":"1"}`, 400},
		{"amount missing", `{"uuid":"u-2","email":"ana@example.com"}`, 400},
		{"nothing to pay", `{"uuid":"u-2","email":"ana@example.com","amount":0}`, 400},
		{"negative", `{"uuid":"u-2","email":"ana@example.com","amount":-1}`, 400},
		{"an exponent that would fill the memory", `{"uuid":"u-2","email":"ana@example.com","amount":1e999999999}`, 400},
		{"no address", `{"uuid":"u-2","email":"ana","amount":1}`, 400},
		{"two addresses", `{"uuid":"u-2","email":"a@example.com, b@example.com","amount":1}`, 400},
		{"a header in the address", `{"uuid":"u-2","email":"a@example.com\r\nBcc: b@example.com","amount":1}`, 400},
		{"a path as uuid", `{"uuid":"../u-2","email":"ana@example.com","amount":1}`, 400},
		{"unknown field", `{"uuid":"u-2","email":"ana@example.com","amount":1,"price":2}`, 400},
		{"two values", `{"uuid":"u-2","email":"ana@example.com","amount":1} {}`, 400},
		{"no JSON", `uuid=u-2`, 400},
		{"too large", `{"uuid":"` + strings.Repeat("u", maxBody) + `"}`, 413},
	} {
		if got := post(step.body); got != step.want {
			t.Errorf("%s: %d, want %d", step.name, got, step.want)
		}
	}
	kafkatest.Eventually(t, "one order, once", func() bool { n := orders(t, c); return len(n) == 1 && n["u-1"] == 1 })
	for path, want := range map[string]int{"/orders/u-1": 200, "/orders/u-9": 404, "/nothing": 404, "/static/": 404, "/static/page.js": 200} {
		if code, _ := g.do("GET", path, ""); code != want {
			t.Errorf("GET %s: %d, want %d", path, code, want)
		}
	}
}

// Nothing that a client sends comes back in an answer: no script can be put into an error.
func TestNoReflectedInput(t *testing.T) {
	c := kafkatest.Start(t, topics()...)
	g := startGateway(t, c.Bootstrap(), t.TempDir())
	const mark = "zzmarkzz"
	for _, r := range [][3]string{
		{"GET", "/new?email=" + mark + "&amount=1", ""},
		{"GET", "/new?email=a@example.com&amount=" + mark, ""},
		{"GET", "/new?email=a@example.com&amount=1&uuid=%3C" + mark, ""},
		{"GET", "/orders/" + mark, ""},
		{"GET", "/" + mark, ""},
		{"GET", "/?q=" + mark, ""},
		{"POST", "/orders", `{"` + mark + `":1}`},
		{"POST", "/orders", `{"uuid":"u","email":"` + mark + `","amount":1}`},
		{"POST", "/orders", mark},
	} {
		if code, answer := g.do(r[0], r[1], r[2]); strings.Contains(answer, mark) {
			t.Errorf("%s %s: %d %q", r[0], r[1], code, answer)
		}
	}
}

// race posts every uuid so many times at once, and returns how often each was told that it was new.
func race(g *gateway, uuids, times int) map[string]int {
	var mu sync.Mutex
	created := map[string]int{}
	var posting sync.WaitGroup
	for n := range uuids * times {
		posting.Go(func() {
			id := fmt.Sprintf("race-%d", n%uuids)
			for {
				code, _ := g.do("POST", "/orders", fmt.Sprintf(`{"uuid":%q,"email":"ana@example.com","amount":%d}`, id, n%uuids+1))
				switch code {
				case 201:
					mu.Lock()
					created[id]++
					mu.Unlock()
					return
				case 200:
					return
				case 429, 503: // with the same uuid, as the answer says
				default:
					g.t.Errorf("uuid %s: answer %d", id, code)
					return
				}
			}
		})
	}
	posting.Wait()
	return created
}

// Each uuid is one order, however many requests race; a look before the insert is not enough.
func TestRace(t *testing.T) {
	const uuids, times = 40, 25
	for intake, once := range map[string]bool{withOutbox: true, checkFirst: false, sendFirst: false} {
		t.Run(intake, func(t *testing.T) {
			c := kafkatest.Start(t, topics()...)
			g := startGateway(t, c.Bootstrap(), t.TempDir(), "INTAKE", intake)
			kafkatest.Eventually(t, "the first order is published", func() bool {
				code, _ := g.do("POST", "/orders", `{"uuid":"first","email":"ana@example.com","amount":1}`)
				return code < 300 && orders(t, c)["first"] == 1
			})
			created := race(g, uuids, times)
			kafkatest.Eventually(t, "every order on the topic", func() bool { return len(orders(t, c)) == uuids+1 })
			more := 0
			for id, n := range orders(t, c) {
				if n != 1 || id != "first" && created[id] != 1 {
					more++
				}
			}
			if once != (more == 0) {
				t.Errorf("%d of %d orders were accepted or published more than once; with this intake none: %v", more, uuids, once)
			}
		})
	}
}

// Without a broker orders are taken all the same, and published when there is one.
func TestNoBroker(t *testing.T) {
	port := kafkatest.FreePort(t)
	dir := t.TempDir()
	g := startGateway(t, fmt.Sprintf("127.0.0.1:%d", port), dir)
	for n := range 20 {
		if code, answer := g.do("POST", "/orders", fmt.Sprintf(`{"uuid":"u-%d","email":"ana@example.com","amount":1}`, n)); code != 201 {
			t.Fatalf("order %d: %d %s", n, code, answer)
		}
	}
	c := kafkatest.StartOn(t, port)
	for _, topic := range event.EcommerceTopics {
		if err := c.Cluster.CreateTopic(topic, 3, nil); err != nil {
			t.Fatal(err)
		}
	}
	kafkatest.Eventually(t, "20 orders, each once, in their order", func() bool {
		msgs := c.ReadAll(event.NewOrderTopic)
		for i, msg := range msgs {
			if mustOrder(t, msg).ID != fmt.Sprintf("u-%d", i) {
				t.Fatalf("record %d holds order %s", i, mustOrder(t, msg).ID)
			}
		}
		return len(msgs) == 20
	})
}

// A database that another program holds refuses the order after a while; nothing is half there.
func TestLockedDatabase(t *testing.T) {
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
		store.InTx(context.Background(), other.DB, func(*sql.Tx) error { close(held); <-release; return nil })
	})
	<-held
	body := `{"uuid":"u-1","email":"ana@example.com","amount":1}`
	code, _ := g.do("POST", "/orders", body)
	close(release)
	done.Wait()
	if code != 503 {
		t.Errorf("locked: %d, want 503", code)
	}
	if code, _ := g.do("POST", "/orders", body); code != 201 {
		t.Errorf("free again: %d, want 201", code)
	}
	kafkatest.Eventually(t, "one order, once", func() bool { return orders(t, c)["u-1"] == 1 })
}

// A full disk refuses orders, and loses none that was accepted. A file that may not grow is as full.
func TestFullDisk(t *testing.T) {
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

func mustAmount(t *testing.T, text string) event.Amount {
	t.Helper()
	a, err := event.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// slow is an intake that takes until it is let go.
type slow struct {
	enter atomic.Int32
	letGo chan struct{}
}

func (s *slow) accept(context.Context, event.Order) (answer, error) {
	s.enter.Add(1)
	<-s.letGo
	return accepted, nil
}

// Above the bound an order is sent away at once with 429, and the others are not.
func TestTooMany(t *testing.T) {
	const bound = 3
	in := &slow{letGo: make(chan struct{})}
	ops := service.NewOps("http-ecommerce")
	s := &server{
		intake: in, process: &service.Process{Log: slog.New(slog.DiscardHandler), Ops: ops},
		pending: make(chan struct{}, bound), metrics: newMetrics(ops.Registry),
	}
	post := func() int {
		w := httptest.NewRecorder()
		s.routes().ServeHTTP(w, httptest.NewRequest("POST", "/orders", strings.NewReader(`{"uuid":"u","email":"ana@example.com","amount":1}`)))
		return w.Code
	}
	var waiting sync.WaitGroup
	for range bound {
		waiting.Go(func() {
			if code := post(); code != 201 {
				t.Errorf("within the bound: %d, want 201", code)
			}
		})
	}
	kafkatest.Eventually(t, "all places are taken", func() bool { return in.enter.Load() == bound })
	if code := post(); code != 429 {
		t.Errorf("above the bound: %d, want 429", code)
	}
	close(in.letGo)
	waiting.Wait()
	if code := post(); code != 201 {
		t.Errorf("afterwards: %d, want 201", code)
	}
}
