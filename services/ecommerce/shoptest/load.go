package shoptest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"workshop.example/kit/wait"
)

// Load is a gateway's answers to many requests.
type Load struct {
	Requests  int
	Took      time.Duration
	Latencies []time.Duration // of those that were accepted, sorted
	Refused   int             // 429: too many at once
	Failed    int             // any other answer, or none
	PerSecond float64
}

// Quantile is the smallest latency that q of the accepted requests did not exceed; 0 without any.
func (l Load) Quantile(q float64) time.Duration {
	if len(l.Latencies) == 0 {
		return 0
	}
	return l.Latencies[min(len(l.Latencies)-1, max(0, int(math.Ceil(q*float64(len(l.Latencies))))-1))]
}

// Request makes a request for one new order.
type Request func(ctx context.Context, gateway string) (*http.Request, error)

// Users are so many customers, who order at random. An order's key is its e-mail address: one customer's orders are all on one
// partition, those of fifty on all of them.
type Users int

func (n Users) email() string { return fmt.Sprintf("customer-%d@example.com", 1+rand.IntN(int(n))) }

// ByGet orders as the Java course does it.
func (n Users) ByGet(ctx context.Context, gateway string) (*http.Request, error) {
	q := url.Values{"email": {n.email()}, "amount": {"153.00"}, "uuid": {uuid.NewString()}}
	return http.NewRequestWithContext(ctx, http.MethodGet, gateway+"/new?"+q.Encode(), nil)
}

// ByPost orders with JSON.
func (n Users) ByPost(ctx context.Context, gateway string) (*http.Request, error) {
	body := fmt.Sprintf(`{"uuid":%q,"email":%q,"amount":153.00}`, uuid.NewString(), n.email())
	return http.NewRequestWithContext(ctx, http.MethodPost, gateway+"/orders", strings.NewReader(body))
}

// loader sends requests and keeps their outcomes.
type loader struct {
	gateway string
	client  *http.Client
	mu      sync.Mutex
	load    Load
}

func newLoader(gateway string, connections int) *loader {
	return &loader{gateway: gateway, client: &http.Client{
		Timeout:   15 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections},
	}}
}

// send sends one request that was due at a moment: an answer's latency counts from there, or a gateway
// that stalls would be asked less often, and look better.
func (l *loader) send(ctx context.Context, request Request, due time.Time) {
	code := 0
	if req, err := request(ctx, l.gateway); err == nil {
		code = l.answer(req)
	}
	took := time.Since(due)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.load.Requests++
	switch code {
	case http.StatusOK, http.StatusCreated:
		l.load.Latencies = append(l.load.Latencies, took)
	case http.StatusTooManyRequests:
		l.load.Refused++
	default:
		l.load.Failed++
	}
}

// answer is the answer's status, 0 where there is none. A gateway may close an idle connection while a
// request is on its way: one on a connection that had been used before is sent again, with the same uuid.
func (l *loader) answer(req *http.Request) (code int) {
	for {
		reused := false
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
		try := req.Clone(httptrace.WithClientTrace(req.Context(), trace))
		if req.GetBody != nil {
			body, err := req.GetBody()
			if err != nil {
				return 0
			}
			try.Body = body
		}
		resp, err := l.client.Do(try)
		switch {
		case err == nil:
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			return resp.StatusCode
		case !reused || req.Context().Err() != nil || isTimeout(err):
			return 0
		}
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func (l *loader) result(began time.Time) Load {
	l.client.CloseIdleConnections()
	load := l.load
	load.Took = time.Since(began)
	slices.Sort(load.Latencies)
	load.PerSecond = float64(len(load.Latencies)) / load.Took.Seconds()
	return load
}

// AtRate sends so many requests a second for that long, whether the answers come or not.
func AtRate(ctx context.Context, gateway string, request Request, rate int, d time.Duration) Load {
	l := newLoader(gateway, 256)
	began := time.Now()
	var sending sync.WaitGroup
	for n := range int(float64(rate) * d.Seconds()) {
		due := began.Add(time.Duration(n) * time.Second / time.Duration(rate))
		if wait.Sleep(ctx, time.Until(due)) != nil {
			break
		}
		sending.Go(func() { l.send(ctx, request, due) })
	}
	sending.Wait()
	return l.result(began)
}

// Saturate keeps so many clients at it for that long, each with its next request after its last answer.
func Saturate(ctx context.Context, gateway string, request Request, clients int, d time.Duration) Load {
	l := newLoader(gateway, clients)
	began := time.Now()
	var sending sync.WaitGroup
	for range clients {
		sending.Go(func() {
			for ctx.Err() == nil && time.Since(began) < d {
				l.send(ctx, request, time.Now())
			}
		})
	}
	sending.Wait()
	return l.result(began)
}

// RSS is the memory of the process in bytes, as the system accounts it; 0 where it does not say.
func (p *Program) RSS() int64 {
	pid := p.Pid()
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		for line := range strings.Lines(string(status)) {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				return kb << 10
			}
		}
	}
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0
	}
	kb, _ := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return kb << 10
}
