package neworder

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// few orders have a line each, in their order; many are sent together and only counted.
const (
	few      = 100
	inFlight = 200
	progress = 5 * time.Second
)

// dispatch sends the orders of a plan.
type dispatch struct {
	plan
	settings       stream.Settings
	lang           service.Lang
	stdout, stderr io.Writer

	began                          time.Time
	acknowledged, refused, unknown atomic.Int64
	mu                             sync.Mutex
	first                          error // of a send
}

func (d *dispatch) run(ctx context.Context) error {
	p := &service.Process{
		Name: name, Lang: d.lang, Out: service.NewLines(d.stderr), Ops: service.NewOps(name), // waiting is progress, not result
		Log: slog.New(slog.NewTextHandler(d.stderr, nil)),
	}
	fmt.Fprintf(d.stdout, d.pick("semente %d\n", "seed %d\n"), d.seed)
	sender, err := d.settings.NewSender(ctx, p, event.NewOrderTopic)
	if err != nil {
		if ctx.Err() != nil {
			return d.report(0, true)
		}
		return err
	}
	defer sender.Close()
	d.began = time.Now()
	telling, quiet := context.WithCancel(ctx)
	defer quiet()
	if d.orders > few {
		go d.tell(telling)
	}
	begun := d.sendAll(ctx, sender)
	return d.report(begun, ctx.Err() != nil)
}

// sendAll returns how many orders were begun. Each is waited for: those under way when ctx ends, too.
func (d *dispatch) sendAll(ctx context.Context, sender *stream.Sender) (begun int) {
	var sending errgroup.Group
	sending.SetLimit(1)
	if d.orders > few || d.rate > 0 {
		sending.SetLimit(inFlight) // they share batches; and a slow answer does not slow the rate
	}
	orders := newOrders(d.plan)
	for ; begun < d.orders && d.awaitTurn(ctx, begun) == nil; begun++ {
		order := orders.next()
		sending.Go(func() error { d.one(ctx, sender, order); return nil })
	}
	sending.Wait()
	return begun
}

// awaitTurn waits until order number n is due.
func (d *dispatch) awaitTurn(ctx context.Context, n int) error {
	if d.rate == 0 {
		return ctx.Err()
	}
	due := d.began.Add(time.Duration(float64(n) / d.rate * float64(time.Second)))
	return wait.Sleep(ctx, time.Until(due))
}

func (d *dispatch) one(ctx context.Context, sender *stream.Sender, order event.Order) {
	err := sender.Send(ctx, event.NewOrderTopic, order.Email, event.NewCorrelationID("NewOrder"), order)
	outcome := d.pick("enviado", "sent")
	switch {
	case err == nil:
		d.acknowledged.Add(1)
	case kafka.Refused(err):
		d.refused.Add(1)
		outcome = d.pick("recusado", "refused")
	default:
		d.unknown.Add(1)
		outcome = d.pick("sem resposta", "no answer")
	}
	if d.orders <= few {
		fmt.Fprintf(d.stdout, d.pick("pedido %s de %s: %s: %s\n", "order %s of %s: %s: %s\n"),
			order.ID, lines.Money(d.lang, order.Amount.Decimal), order.Email, outcome)
	}
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.first == nil {
			d.first = err
		}
	}
}

// tell says every few seconds how far it is.
func (d *dispatch) tell(ctx context.Context) {
	for wait.Sleep(ctx, progress) == nil {
		fmt.Fprintf(d.stderr, d.pick("%d de %d confirmados\n", "%d of %d confirmed\n"), d.acknowledged.Load(), d.orders)
	}
}

// report says the outcome of the orders. Its error is the first of a send.
func (d *dispatch) report(begun int, stopped bool) error {
	if stopped {
		fmt.Fprintf(d.stdout, d.pick("interrompido: %d de %d pedidos iniciados\n", "stopped: %d of %d orders were begun\n"), begun, d.orders)
	}
	took := time.Duration(0)
	if !d.began.IsZero() {
		took = time.Since(d.began)
	}
	fmt.Fprintf(d.stdout, d.pick(
		"resumo: %d confirmados · %d recusados · %d sem resposta, em %s\n",
		"summary: %d confirmed · %d refused · %d without an answer, in %s\n"),
		d.acknowledged.Load(), d.refused.Load(), d.unknown.Load(), took.Round(time.Millisecond))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.first != nil {
		return fmt.Errorf("not every order was confirmed; the first error: %w", d.first)
	}
	return nil
}

func (d *dispatch) pick(pt, en string) string { return service.Pick(d.lang, pt, en) }

// orders makes orders. The same seed gives the same customers and amounts; ids are always new, or a second
// run would be one of duplicates.
type orders struct {
	rng    *rand.Rand
	emails []string
}

func newOrders(p plan) *orders {
	o := &orders{rng: rand.New(rand.NewPCG(p.seed, 0))}
	for range p.users {
		o.emails = append(o.emails, fmt.Sprintf("%016x@email.com", o.rng.Uint64()))
	}
	return o
}

// next has an amount from 1.00 to 5001.00, as NewOrderMain's, and always two decimals.
func (o *orders) next() event.Order {
	const lowest, highest = 1_00, 5001_00
	cents := lowest + o.rng.Int64N(highest-lowest+1)
	return event.Order{
		ID: uuid.NewString(), Email: o.emails[o.rng.IntN(len(o.emails))],
		Amount: event.Amount{Decimal: decimal.New(cents, -2)},
	}
}
