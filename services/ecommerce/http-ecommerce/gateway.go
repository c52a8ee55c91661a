// The gateway takes orders over HTTP, and shows on a page what becomes of them.
//
//	HTTP in:   GET /new, POST /orders, GET /orders/{uuid}, GET /admin/generate-reports, and the page at /
//	topic out: ECOMMERCE_NEW_ORDER, by e-mail address; ECOMMERCE_SEND_MESSAGE_TO_ALL_USERS, by target topic
//	topic in:  every ECOMMERCE topic, in no group: the trail that the page shows
//	delivery:  an order that was answered is published at least once, however often the process dies,
//	           and one uuid is one order: outbox.go
package httpecommerce

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/kit/service"
)

// Main runs the http-ecommerce, and exits.
func Main() {
	service.Main(service.About{
		Name:    "http-ecommerce",
		Summary: "http-ecommerce takes orders over HTTP, and has a page on which an order is followed through the topics.",
		Example: "  http-ecommerce                          then open http://127.0.0.1:8080/, or in another terminal:\n" +
			"  curl 127.0.0.1:8080/orders -d '{\"uuid\": \"order-1\", \"email\": \"ana@example.com\", \"amount\": 153.00}'\n" +
			"  curl -N 127.0.0.1:8080/orders/order-1/trail\n" +
			"  http-ecommerce --http-port 8090 --state-dir /tmp/second  a second one, with a file of its own\n" +
			"  http-ecommerce --intake no-outbox       loses orders when it is killed, as the original does",
	}, configure, run)
}

// The ways to take an order in; one file each, to be read side by side.
const (
	withOutbox = "outbox"
	noOutbox   = "no-outbox"
	sendFirst  = "send-first"
	checkFirst = "check-first"
)

type config struct {
	stream  stream.Settings
	addr    string
	intake  string
	file    string
	pending int // orders that may wait for the disk
}

func configure(env *service.Env) config {
	cfg := config{
		stream: stream.SendingFromEnv(env),
		intake: env.OneOf("INTAKE", withOutbox, []string{withOutbox, noOutbox, sendFirst, checkFirst},
			"how an order is taken in; all but the first are broken on purpose"),
		file: filepath.Join(store.DirFromEnv(env), "http-ecommerce.db"),
	}
	port := env.Number("HTTP_PORT", 8080, "port of 127.0.0.1")
	if port > 65535 {
		env.Fail("HTTP_PORT", "accepted: 0 to 65535; 0 is any free port")
	}
	cfg.addr = env.HostPort("HTTP_ADDR", net.JoinHostPort("127.0.0.1", strconv.FormatUint(port, 10)),
		"another address to listen on; wins over HTTP_PORT")
	pending := env.Number("MAX_PENDING", 256, "orders taken in at the same time, 1 to 100000; one more is answered 429")
	if pending < 1 || pending > 100_000 {
		env.Fail("MAX_PENDING", "accepted: 1 to 100000")
	}
	cfg.pending = int(pending)
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers, "intake", cfg.intake, "file", cfg.file)
	listener, err := listen(cfg.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	db, err := store.Open(ctx, cfg.file, migrations)
	if err != nil {
		return err
	}
	defer db.Close()

	cfg.stream.Trace.Open(p)
	defer cfg.stream.Trace.Flush()
	// What is on the way outlives the listener: an order is answered before the ledger ends.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	relay := newRelay(db, cfg.stream, p)
	trails := newTrails(cfg.stream, p)
	ledger := newLedger(db, relay.wake)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { ledger.run(working); return nil })
	g.Go(func() error { return relay.run(ctx) })
	g.Go(func() error { return trails.run(ctx) })
	g.Go(func() error {
		defer stop()
		s := &server{
			intake: newIntake(cfg.intake, db, ledger, relay), ledger: ledger, trails: trails, process: p,
			pending: make(chan struct{}, cfg.pending), watching: make(chan struct{}, maxWatching), metrics: newMetrics(p.Ops.Registry),
			trace: cfg.stream.Trace,
		}
		p.Ops.ReadyWhen(func() error { return nil }) // without brokers too: orders are taken, and delivered later
		p.Log.Info("listening", "url", "http://"+listener.Addr().String()+"/")
		p.Out.Print("http://" + listener.Addr().String() + "/")
		return s.serve(ctx, listener)
	})
	return g.Wait()
}

// listen comes first: a port that is taken is known before anything else has begun.
func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w: choose another port with HTTP_PORT, or end what has this one", err)
	}
	return listener, nil
}

func newIntake(name string, db *store.DB, l *ledger, r *relay) intake {
	switch name {
	case noOutbox:
		return &storeThenSend{db: db, relay: r}
	case sendFirst:
		return &sendThenStore{db: db, relay: r}
	case checkFirst:
		return &checkThenInsert{db: db, relay: r}
	default:
		return l
	}
}
