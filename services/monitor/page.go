package monitor

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"

	"workshop.example/kit/event"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"

	"workshop.example/monitor/board"
	"workshop.example/monitor/window"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// state is GET /api/state: the windows of all partitions together, as far as their members answer.
type state struct {
	Topic      string              `json:"topic"`
	Group      string              `json:"group"`
	Currency   string              `json:"currency"`
	Rules      []string            `json:"rules"`
	Time       int64               `json:"time"` // the greatest of the partitions', in seconds since 1970; 0 before the first record
	Partitions []window.Snapshot   `json:"partitions"`
	Missing    []int32             `json:"missing"` // partitions that no member answers for
	Error      string              `json:"error"`   // why not, where one did not
	Windows    [2]window.Window    `json:"windows"` // of a minute, and of five
	Alerts     []event.AlertRecord `json:"alerts"`  // the latest, the last one first
}

// own is GET /api/own: what this member knows by itself.
type own struct {
	Partitions []window.Snapshot   `json:"partitions"`
	Alerts     []event.AlertRecord `json:"alerts"`
}

// own returns the windows of this member's partitions. Those whose records have stopped are looked at with the time of the others,
// and with at, if that is later.
func (w *watcher) own(at int64) own {
	w.mu.Lock()
	parts := make([]*window.Partition, 0, len(w.parts))
	for _, p := range w.parts {
		parts = append(parts, p)
	}
	o := own{Partitions: []window.Snapshot{}, Alerts: slices.Clone(w.latest)}
	w.mu.Unlock()
	for _, p := range parts {
		if now, ok := p.Now(); ok {
			at = max(at, now)
		}
	}
	for _, p := range parts {
		o.Partitions = append(o.Partitions, p.Snapshot(at))
	}
	return o
}

// state adds up what all members know.
func (w *watcher) state(ctx context.Context) state {
	s := state{Topic: w.cfg.topic, Group: w.cfg.member.Group, Currency: w.cfg.currency, Rules: []string{}, Missing: []int32{}}
	for _, r := range w.cfg.rules {
		s.Rules = append(s.Rules, r.String())
	}
	all, missing, err := w.all(ctx, 0)
	if s.Time = latestTime(all.Partitions); s.Time > earliestTime(all.Partitions) { // they are added up as of one time
		all, missing, err = w.all(ctx, s.Time)
		s.Time = latestTime(all.Partitions)
	}
	if err != nil {
		s.Error = err.Error()
	}
	s.Missing = append(s.Missing, missing...)
	slices.SortFunc(all.Partitions, func(a, b window.Snapshot) int { return int(a.Partition - b.Partition) })
	s.Partitions, s.Windows = all.Partitions, window.Merge(all.Partitions)
	s.Alerts = latestOf(all.Alerts)
	slices.Reverse(s.Alerts)
	return s
}

// all is what this member and the others know, as of a time or later.
func (w *watcher) all(ctx context.Context, at int64) (all own, missing []int32, err error) {
	all = w.own(at)
	missing, err = w.askOthers(ctx, latestTime(all.Partitions), &all)
	return all, missing, err
}

func latestTime(parts []window.Snapshot) (latest int64) {
	for _, p := range parts {
		latest = max(latest, p.Time)
	}
	return latest
}

func earliestTime(parts []window.Snapshot) int64 {
	earliest := latestTime(parts)
	for _, p := range parts {
		if p.Time > 0 { // a partition without a record has none
			earliest = min(earliest, p.Time)
		}
	}
	return earliest
}

// serve answers requests until ctx ends.
func serve(ctx context.Context, listener net.Listener, w *watcher, b *board.Board) error {
	mux := http.NewServeMux()
	b.Routes(mux)
	mux.HandleFunc("GET /windows", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.Header().Set("Content-Security-Policy", "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'")
		pageTemplate.Execute(rw, service.Pick(w.process.Lang, pagePortuguese, pageEnglish))
	})
	mux.HandleFunc("GET /api/state", func(rw http.ResponseWriter, r *http.Request) { answer(rw, w.state(r.Context())) })
	mux.HandleFunc("GET /api/own", func(rw http.ResponseWriter, r *http.Request) {
		at, _ := strconv.ParseInt(r.URL.Query().Get("at"), 10, 64) // what is no number counts as 0
		answer(rw, w.own(at))
	})
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ConnContext: smallBuffer,
	}
	defer context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.Background(), wait.CloseTimeout)
		defer cancel()
		if srv.Shutdown(ending) != nil {
			srv.Close()
		}
	})()
	if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return err
	}
	return nil
}

// smallBuffer lets little wait in the system for a browser that takes nothing. The system's own limit is megabytes for each.
func smallBuffer(ctx context.Context, conn net.Conn) context.Context {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetWriteBuffer(64 << 10) // an error leaves it as it was
	}
	return ctx
}

func answer(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(rw).Encode(v) // an error is the reader's going away
}

// reachable is where others on the network, or on this machine, reach an address that is listened on.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	return net.JoinHostPort(host, port)
}
