package shoptest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A client whose connection breaks is counted, and insists; one that finds nobody, or is told to come back
// later, is not.
func TestClientsInsist(t *testing.T) {
	t.Parallel()
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tries++
		switch tries {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler) // the connection closes, without an answer
		default:
			w.WriteHeader(http.StatusOK)
		}
	}))
	defer server.Close()
	asked := 0
	c := &Clients{Parallel: 1, URL: func() string {
		if asked++; asked == 1 {
			return "http://127.0.0.1:1" // nobody listens
		}
		return server.URL
	}}
	accounts, err := c.Post(t.Context(), Plan(1, 7), 1)
	if err != nil {
		t.Fatal(err)
	}
	if a := accounts[0]; a.New != 0 || a.Old != 1 || a.Tries != 4 {
		t.Errorf("account %+v, want one answer that it was accepted before, after 4 tries", a)
	}
	if c.Cut() != 1 || c.UnderWay() != 0 || c.Answered() != 1 {
		t.Errorf("cut %d, under way %d, answered %d, want 1, 0, 1", c.Cut(), c.UnderWay(), c.Answered())
	}
}

// A client that is sent away waits for as long as the answer asks, and not at all for a final answer.
func TestClientsHonourRetryAfter(t *testing.T) {
	t.Parallel()
	answers := []struct {
		code  int
		after string
		least time.Duration
	}{
		{http.StatusTooManyRequests, "3", 3 * time.Second}, {http.StatusServiceUnavailable, "5", 5 * time.Second},
		{http.StatusServiceUnavailable, "", 0}, {http.StatusCreated, "9", 0},
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answers[asked].after != "" {
			w.Header().Set("Retry-After", answers[asked].after)
		}
		w.WriteHeader(answers[asked].code)
		asked++
	}))
	defer server.Close()
	var pauses []time.Duration
	c := &Clients{Parallel: 1, URL: func() string { return server.URL }, sleep: func(_ context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return nil
	}}
	accounts, err := c.Post(t.Context(), Plan(1, 7), 1)
	if err != nil || accounts[0].New != 1 || len(pauses) != len(answers)-1 {
		t.Fatalf("accounts %+v, pauses %v, error %v; want an order accepted after 3 pauses", accounts, pauses, err)
	}
	for i, pause := range pauses {
		if pause < answers[i].least || pause > answers[i].least+time.Second {
			t.Errorf("after answer %d with Retry-After %q: a pause of %s", answers[i].code, answers[i].after, pause)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 30, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, "120": 2 * time.Minute, "-1": 0, "soon": 0, "99999999999999999999": 0,
		"Mon, 04 May 2026 12:30:07 GMT": 7 * time.Second, "Mon, 04 May 2026 12:29:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", value, got, want)
		}
	}
}

// A server may close an idle connection at the moment when a request is sent on it. That loses no order: the
// request has no answer, and is sent again with the same uuid. On a new connection it fails, and once only.
func TestClosedConnection(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(url string) (accepted, failed int){
		"Clients": func(url string) (accepted, failed int) {
			c := &Clients{Parallel: 1, URL: func() string { return url }}
			accounts, err := c.Post(t.Context(), Plan(2, 7), 1)
			if err != nil {
				t.Error(err)
			}
			for _, a := range accounts {
				accepted += a.New
			}
			return accepted, 0
		},
		"load by POST": func(url string) (accepted, failed int) { return twoOf(t, url, Users(1).ByPost) },
		"load by GET":  func(url string) (accepted, failed int) { return twoOf(t, url, Users(1).ByGet) },
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64 // the connections are served at once
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 2 {
					panic(http.ErrAbortHandler) // closes the connection that the first request has used
				}
				w.WriteHeader(http.StatusCreated)
			}))
			defer server.Close()
			if accepted, failed := send(server.URL); accepted != 2 || failed != 0 {
				t.Errorf("%d accepted, %d failed, want 2, 0", accepted, failed)
			}
		})
	}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	if accepted, failed := twoOf(t, server.URL, Users(1).ByPost); accepted != 0 || failed != 2 {
		t.Errorf("a server that never answers: %d accepted, %d failed, want 0, 2", accepted, failed)
	}
}

func twoOf(t *testing.T, url string, request Request) (accepted, failed int) {
	l := newLoader(url, 1)
	for range 2 {
		l.send(t.Context(), request, time.Now())
	}
	load := l.result(time.Now())
	return len(load.Latencies), load.Failed
}
