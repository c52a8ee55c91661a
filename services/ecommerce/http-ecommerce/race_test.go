package httpecommerce

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/reliability"
	"workshop.example/kit/service"
)

// Each uuid is one order, however many requests race; a look before the insert is not enough.
func TestRace(t *testing.T) {
	t.Parallel()
	record := streamtest.NewRecord(t, "one uuid is one order, however many requests race")
	for intake, once := range map[string]bool{withOutbox: true, checkFirst: false, sendFirst: false} {
		t.Run(intake, func(t *testing.T) {
			t.Parallel()
			const times = 25
			uuids, parallel := 40, 4*times
			if !once { // each request of a control is a commit of its own, which waits for the disk
				uuids, parallel = 10, times
			}
			c := kafkatest.Start(t, topics()...)
			g := startGateway(t, c.Bootstrap(), t.TempDir(), "INTAKE", intake)
			kafkatest.Eventually(t, "the first order is published", func() bool {
				code, _ := g.do("POST", "/orders", `{"uuid":"first","email":"ana@example.com","amount":1}`)
				return code < 300 && orders(t, c)["first"] == 1
			})
			clients := shoptest.Clients{URL: func() string { return g.url }, Parallel: parallel}
			accounts, err := clients.Post(t.Context(), shoptest.Plan(uuids, 1), times)
			if err != nil {
				t.Fatal(err)
			}
			var published map[string]int
			kafkatest.Eventually(t, "every order on the topic", func() bool {
				published = orders(t, c)
				return len(published) == uuids+1
			})
			more := 0
			for _, a := range accounts {
				// Where an answer was lost, which took a further try, it may be the one that said it was new.
				if n := published[a.Order.ID]; n != 1 || a.New > 1 || a.New == 0 && a.Tries == times {
					more++
					t.Logf("order %s: %d records; new %d times, old %d times, %d tries", a.Order.ID, n, a.New, a.Old, a.Tries)
				}
			}
			if once != (more == 0) {
				t.Errorf("%d of %d orders were accepted or published more than once; with this intake none: %v", more, uuids, once)
			}
			if once {
				record.Measured(reliability.Measurement{Events: uuids, Seed: 1, Duplicated: more})
			} else {
				record.Control(more > 0)
			}
		})
	}
}

// Without a broker orders are taken all the same, and published when there is one.
func TestNoBroker(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
