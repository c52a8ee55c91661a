package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Ops is a service's operations endpoint: /metrics for Prometheus, /livez (the process runs) and
// /readyz (the process does its work). A service is not ready until it says so.
type Ops struct {
	Registry *prometheus.Registry
	check    atomic.Pointer[func() error]
	server   *http.Server
	addr     net.Addr
}

// NewOps makes an endpoint that does not listen yet, with Go's own metrics on it.
func NewOps(name string) *Ops {
	o := &Ops{Registry: prometheus.NewRegistry()}
	o.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "workshop_build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"service": name, "version": Version},
	})
	info.Set(1)
	o.Registry.MustRegister(info)
	o.ReadyWhen(func() error { return errors.New("starting") })
	return o
}

// ReadyWhen sets the check behind /readyz: nil is ready, an error says why not. The check is called
// on each request, from any goroutine, and must not block.
func (o *Ops) ReadyWhen(check func() error) { o.check.Store(&check) }

// Ready evaluates the check.
func (o *Ops) Ready() error { return (*o.check.Load())() }

// Listen serves on addr in the background until [Ops.Close]; an empty addr serves nothing. It
// listens before Kafka is dialed, so that health and metrics answer while a service waits.
func (o *Ops) Listen(addr string) error {
	if addr == "" {
		return nil
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	o.addr = ln.Addr()
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := o.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	o.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go o.server.Serve(ln)
	return nil
}

// Addr is the address listened on, nil where nothing is served.
func (o *Ops) Addr() net.Addr { return o.addr }

// Close stops serving.
func (o *Ops) Close() {
	if o.server != nil {
		o.server.Close()
	}
}

// healthcheck asks the service that runs beside it (in the same container) whether it is ready. It
// lives in the service's own binary because the images hold nothing else: no shell, no curl. A
// stopped process accepts the connection but never answers, hence the short deadline.
func healthcheck(opsAddr string) int {
	if opsAddr == "" {
		fmt.Fprintln(os.Stderr, "healthcheck: OPS_ADDR is not set, so there is nothing to ask; set it to the service's own, such as :9400")
		return ExitUsage
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	host, port, _ := net.SplitHostPort(opsAddr)
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "healthcheck:", err)
		return ExitUsage
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, "healthcheck:", err)
		return ExitFailed
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
	fmt.Println(strings.TrimSpace(string(body)))
	if resp.StatusCode != http.StatusOK {
		return ExitFailed
	}
	return ExitOK
}
