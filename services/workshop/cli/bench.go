package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/ecommerce/proof"
	"workshop.example/kit/embedded"
	"workshop.example/kit/service"
)

func (t *tool) benchCommand() *cobra.Command {
	return group("bench", "Measure the programs on this machine", t.benchOrdersCommand())
}

// benchOrders measures the e-commerce system.
type benchOrders struct {
	*tool
	brokers  string
	rate     int
	duration time.Duration
	clients  int
	asJSON   bool
}

func (t *tool) benchOrdersCommand() *cobra.Command {
	b := &benchOrders{tool: t}
	cmd := &cobra.Command{
		Use:   "orders",
		Short: "Latency and throughput of the gateway, and the memory of each service",
		Long: `orders starts the e-commerce system, and sends it orders: by GET /new, then by POST /orders, at a rate; then as many
as some clients can, each with its next order after its last answer. An order counts as decided when its decision is
read from the topic. Latencies count from the moment at which a request was due.

The figures are this machine's, which runs brokers, services and clients at the same time: compare only what was
measured together.`,
		Example: `  workshop bench orders
  workshop bench orders --rate 1000 --duration 30s
  workshop bench orders --brokers localhost:9092
  workshop bench orders --json | jq .saturation.perSecond`,
		Args: cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error { return b.run(cmd.Context()) }),
	}
	flags := cmd.Flags()
	flags.StringVar(&b.brokers, "brokers", "",
		"a cluster that is up, host:port, comma separated (default: BOOTSTRAP_SERVERS, or an embedded one)")
	flags.IntVar(&b.rate, "rate", 500, "orders a second, 1 to 20000")
	flags.DurationVar(&b.duration, "duration", 10*time.Second, "of each of the three parts, 1s to 10m")
	flags.IntVar(&b.clients, "clients", 64, "at saturation, 1 to 1000")
	flags.BoolVar(&b.asJSON, "json", false, "the figures as JSON on standard output")
	for _, name := range []string{"brokers", "rate", "duration", "clients"} {
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

// figures is the result, as --json prints it.
type figures struct {
	Get        proof.Load       `json:"get"`
	Post       proof.Load       `json:"post"`
	Saturation proof.Load       `json:"saturation"`
	Decided    float64          `json:"decidedPerSecond"` // at saturation, until the last decision is read
	RSS        map[string]int64 `json:"rssBytes"`         // at the end
}

func (b *benchOrders) run(ctx context.Context) error {
	switch {
	case b.rate < 1 || b.rate > 20000:
		return service.UsageError(fmt.Sprintf("--rate %d: accepted: 1 to 20000", b.rate))
	case b.duration < time.Second || b.duration > 10*time.Minute:
		return service.UsageError(fmt.Sprintf("--duration %s: accepted: 1s to 10m", b.duration))
	case b.clients < 1 || b.clients > 1000:
		return service.UsageError(fmt.Sprintf("--clients %d: accepted: 1 to 1000", b.clients))
	}
	shop, closeShop, err := b.open(ctx)
	defer closeShop()
	if err == nil {
		err = shop.AwaitGateway(ctx)
	}
	if err != nil {
		return err
	}
	f, err := b.measure(ctx, shop)
	if err != nil {
		return err
	}
	if b.asJSON {
		return json.NewEncoder(b.stdout).Encode(f)
	}
	return b.print(shop, f)
}

// open starts the shop, on brokers of its own if none are named.
func (b *benchOrders) open(ctx context.Context) (_ *proof.Shop, closeAll func(), err error) {
	closeAll = func() {}
	bin, err := b.binDir()
	if err != nil {
		return nil, closeAll, err
	}
	options := proof.Options{Bin: bin, Intake: "outbox", All: true}
	if named, _ := b.lookup("BOOTSTRAP_SERVERS"); named != "" || b.brokers != "" {
		cluster, err := b.cluster(b.brokers, "--brokers")
		if err != nil {
			return nil, closeAll, err
		}
		options.Brokers, options.Prefix = cluster.Brokers, fmt.Sprintf("bench-%d.", time.Now().UnixNano())
	} else {
		cluster, err := embedded.Start(embedded.Options{})
		if err != nil {
			return nil, closeAll, err
		}
		closeAll = cluster.Close
		options.Brokers = cluster.ListenAddrs()
	}
	if options.Dir, err = os.MkdirTemp("", "workshop-bench-"); err != nil {
		return nil, closeAll, err
	}
	if options.Port, err = freePort(); err != nil {
		return nil, closeAll, err
	}
	b.printf("starting the e-commerce system (%d services) ...", 9)
	shop, err := proof.Open(ctx, options)
	brokers := closeAll
	return shop, func() {
		shop.Close()
		ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := shop.RemoveTopics(ending); err != nil {
			b.printf("of the topics and groups %s* some are left: %v", options.Prefix, err)
		}
		os.RemoveAll(options.Dir)
		brokers()
	}, err
}

// freePort returns a port that nobody listens on now. The gateway has to keep it across restarts.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func (b *benchOrders) printf(format string, args ...any) {
	fmt.Fprintf(b.stderr, "workshop: "+format+"\n", args...)
}

func (b *benchOrders) measure(ctx context.Context, shop *proof.Shop) (figures, error) {
	f := figures{RSS: map[string]int64{}}
	url := shop.Gateway.URL()
	accepted := len(proof.AtRate(ctx, url, proof.ByPost, 50, time.Second).Latencies) // connections, caches and consumers are warm then
	b.printf("GET /new, %d a second for %s ...", b.rate, b.duration)
	f.Get = proof.AtRate(ctx, url, proof.ByGet, b.rate, b.duration)
	b.printf("POST /orders, %d a second for %s ...", b.rate, b.duration)
	f.Post = proof.AtRate(ctx, url, proof.ByPost, b.rate, b.duration)
	accepted += len(f.Get.Latencies) + len(f.Post.Latencies)
	if err := shop.AwaitDecisions(ctx, accepted, time.Minute); err != nil {
		return f, err
	}
	b.printf("saturation, %d clients for %s ...", b.clients, b.duration)
	began := time.Now()
	f.Saturation = proof.Saturate(ctx, url, proof.ByPost, b.clients, b.duration)
	b.printf("waiting for the decisions ...")
	more := len(f.Saturation.Latencies)
	err := shop.AwaitDecisions(ctx, accepted+more, 10*time.Minute)
	f.Decided = float64(more) / time.Since(began).Seconds()
	for _, program := range shop.Programs() {
		f.RSS[program.Name] = program.RSS()
	}
	return f, err
}

func (b *benchOrders) print(shop *proof.Shop, f figures) error {
	tw := tabwriter.NewWriter(b.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "\torders/s\tmedian\tp99\tlongest\t429\tfailed\t")
	row := func(name string, l proof.Load) {
		fmt.Fprintf(tw, "%s\t%.0f\t%s\t%s\t%s\t%d\t%d\t\n", name, l.PerSecond,
			short(l.Quantile(0.5)), short(l.Quantile(0.99)), short(l.Quantile(1)), l.Refused, l.Failed)
	}
	row(fmt.Sprintf("GET /new at %d/s", b.rate), f.Get)
	row(fmt.Sprintf("POST /orders at %d/s", b.rate), f.Post)
	row(fmt.Sprintf("POST /orders, %d clients", b.clients), f.Saturation)
	fmt.Fprintf(tw, "decided meanwhile\t%.0f\t\t\t\t\t\t\n", f.Decided)
	fmt.Fprintln(tw, "\t\t\t\t\t\t\t")
	fmt.Fprintln(tw, "\tRSS\t\t\t\t\t\t")
	for _, program := range shop.Programs() {
		fmt.Fprintf(tw, "%s\t%.1f MiB\t\t\t\t\t\t\n", program.Name, float64(f.RSS[program.Name])/(1<<20))
	}
	return tw.Flush()
}

// short formats a latency with three digits.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	default:
		return d.Round(10 * time.Millisecond).String()
	}
}
