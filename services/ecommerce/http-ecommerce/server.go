package httpecommerce

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/ecommerce/trace"
	"workshop.example/kit/metric"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// The bounds of a request. An order is a hundred bytes; whoever needs a minute to send them wants
// something else.
const (
	maxBody     = 4 << 10
	maxHeader   = 8 << 10
	maxTime     = 10 * time.Second
	maxWatching = 200 // pages that follow an order at the same time
)

// server is the HTTP side of the gateway.
type server struct {
	intake   intake
	ledger   *ledger
	trails   *trails
	process  *service.Process
	pending  chan struct{} // a place for each order that is being taken in
	watching chan struct{} // a place for each page that follows one
	metrics  metrics
	trace    *trace.Tracer
}

type metrics struct {
	orders  *prometheus.CounterVec
	seconds prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer) metrics {
	return metrics{
		orders: metric.Counters(reg, "workshop_orders_total", "Requests to place an order, by outcome.",
			"outcome", "accepted", "repeated", "conflict", "invalid", "too-many", "failed"),
		seconds: metric.Histogram(reg, "workshop_order_seconds", "Time from a valid order to its answer."),
	}
}

// routes are all there is; anything else is 404, and another method 405.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	for _, file := range []string{"page.css", "page.js"} { // by name: a folder would be listed
		mux.Handle("GET /static/"+file, http.FileServerFS(static))
	}
	mux.HandleFunc("GET /new", s.traced(s.new))
	mux.HandleFunc("HEAD /new", getOnly) // which would be a GET otherwise, and an order
	mux.HandleFunc("POST /orders", s.traced(s.post))
	mux.HandleFunc("GET /orders/{uuid}", s.order)
	mux.HandleFunc("GET /orders/{uuid}/trail", s.trail)
	mux.HandleFunc("GET /admin/generate-reports", s.traced(s.generateReports))
	mux.HandleFunc("HEAD /admin/generate-reports", getOnly)
	return safe(mux)
}

// traced has what next does in a span of its own.
func (s *server) traced(next http.HandlerFunc) http.HandlerFunc {
	if s.trace == nil {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request) {
		span := s.trace.Serving(r)
		defer span.End(nil)
		next(w, r.WithContext(span.In(r.Context())))
	}
}

func getOnly(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", http.MethodGet)
	w.WriteHeader(http.StatusMethodNotAllowed)
}

// safe sets the headers that keep a browser from doing more with an answer than show it.
func safe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// serve answers until ctx ends, then what is under way.
func (s *server) serve(ctx context.Context, listener net.Listener) error {
	srv := &http.Server{
		Handler:           s.routes(),
		MaxHeaderBytes:    maxHeader,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       maxTime,
		WriteTimeout:      2 * maxTime, // a page that follows an order sets its own
		IdleTimeout:       time.Minute,
		// Followers end with the process; Shutdown would wait for them for ever.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), wait.Grace/2)
	defer cancel()
	if err := srv.Shutdown(ending); err != nil {
		srv.Close()
		s.process.Log.Warn("stopped before every request was answered", "error", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
