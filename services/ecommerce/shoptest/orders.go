// Package shoptest finds out whether orders were lost or counted twice: it posts orders as impatient
// clients do, and judges by what is on the topics and in the mail boxes afterwards, never by what a
// service says of itself.
package shoptest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/event"
	"workshop.example/kit/wait"
)

// Plan is n orders, each with an address of its own, so that an e-mail tells its order. Amounts are from
// 0.01 to 9000.00, so that about half are to be rejected. The same seed gives the same orders.
func Plan(n int, seed uint64) []event.Order {
	rng := rand.New(rand.NewPCG(seed, 1))
	orders := make([]event.Order, n)
	for i := range orders {
		cents := 1 + rng.IntN(900_000)
		amount, err := event.ParseAmount(fmt.Sprintf("%d.%02d", cents/100, cents%100))
		if err != nil {
			panic(err) // two decimals of a small number
		}
		var id uuid.UUID
		for j := range id {
			id[j] = byte(rng.Uint32())
		}
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4
		orders[i] = event.Order{ID: id.String(), Email: fmt.Sprintf("customer-%d@example.com", i+1), Amount: amount}
	}
	return orders
}

// Account is what the clients of one order were told.
type Account struct {
	Order event.Order
	New   int // answers that it was accepted now
	Old   int // answers that it had been accepted before
	Tries int // requests, those without an answer included
}

// Accepted reports whether anybody was told that the order is accepted.
func (a Account) Accepted() bool { return a.New+a.Old > 0 }

// Clients post orders.
type Clients struct {
	URL      func() string // of the gateway, as it is now: it may come back on another port
	Parallel int           // requests at the same time

	answered, cut, underWay atomic.Int64

	sleep func(context.Context, time.Duration) error // wait.Sleep, except in tests
}

// Answered is how many clients have their answer.
func (c *Clients) Answered() int { return int(c.answered.Load()) }

// UnderWay is how many requests are with the gateway now, whole and without an answer.
func (c *Clients) UnderWay() int { return int(c.underWay.Load()) }

// Cut is how many requests were under way, whole, when their connection broke: their clients do not know
// their outcomes.
func (c *Clients) Cut() int { return int(c.cut.Load()) }

// Post posts every order so many times at once, each time as a client who wants to be sure: again, with
// the same uuid, until he has an answer or ctx ends. Any answer but accepted, too many (429) and not now
// (5xx) is an error. A request whose connection closed before the answer is unanswered, and sent again. An
// answer's Retry-After is waited for.
func (c *Clients) Post(ctx context.Context, orders []event.Order, times int) ([]Account, error) {
	accounts := make([]Account, len(orders))
	transport := &http.Transport{MaxIdleConnsPerHost: c.Parallel, MaxConnsPerHost: c.Parallel}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 15 * time.Second}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(c.Parallel)
	for i, order := range orders {
		body := fmt.Sprintf(`{"uuid":%q,"email":%q,"amount":%s}`, order.ID, order.Email, order.Amount)
		accounts[i].Order = order
		for range times {
			g.Go(func() error {
				code, tries, err := c.insist(ctx, client, body)
				c.answered.Add(1)
				mu.Lock()
				defer mu.Unlock()
				accounts[i].Tries += tries
				switch {
				case err != nil:
					return err
				case code == http.StatusCreated:
					accounts[i].New++
				case code == http.StatusOK:
					accounts[i].Old++
				default:
					return fmt.Errorf("order %s: answer %d", order.ID, code)
				}
				return nil
			})
		}
	}
	return accounts, g.Wait()
}

// insist posts until there is an answer that is final.
func (c *Clients) insist(ctx context.Context, client *http.Client, body string) (code, tries int, err error) {
	sleep := c.sleep
	if sleep == nil {
		sleep = wait.Sleep
	}
	for pause := 10 * time.Millisecond; ; pause = min(pause*2, 500*time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL()+"/orders", strings.NewReader(body))
		if err != nil {
			return 0, tries, err
		}
		tries++
		code, wait, err := c.try(client, req)
		if err == nil && code != http.StatusTooManyRequests && code < 500 {
			return code, tries, nil
		}
		// The random part keeps clients that were refused together from coming back together.
		if err := sleep(ctx, wait+pause/2+rand.N(pause)); err != nil {
			return 0, tries, err
		}
	}
}

// try is one request. An error is that it has no answer. wait is how long the answer asks to wait before
// the next request.
func (c *Clients) try(client *http.Client, req *http.Request) (code int, wait time.Duration, err error) {
	// The transport writes in a goroutine of its own, perhaps only when the answer is given up.
	const written, over = 1, 2
	var state atomic.Int32
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err == nil && state.CompareAndSwap(0, written) {
			c.underWay.Add(1)
		}
	}})
	defer func() {
		if state.Swap(over) != written {
			return
		}
		c.underWay.Add(-1)
		if err != nil && req.Context().Err() == nil {
			c.cut.Add(1)
		}
	}()
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, retryAfter(resp.Header, time.Now()), nil
}

// retryAfter is how long an answer asks to wait (RFC 9110, 10.2.3): a number of seconds or a date. It is 0
// where the header is missing, malformed or in the past.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
