package shoptest

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

var (
	users   = flag.Int("users", 50, "BenchmarkOrders: customers, each with an e-mail address")
	brokers = flag.String("brokers", "", "BenchmarkOrders: host:port,... of real brokers; none: an embedded cluster")
	clock   = flag.Duration("span", 3*time.Second, "BenchmarkOrders: how long each load lasts")
)

// BenchmarkOrders measures the shop: at 500 orders a second, by GET and by POST, and with 64 clients, each of which sends its next
// order after its last answer. Latencies count from the moment at which a request was due. An order counts as decided when its
// decision is read from the topic. The processor time is all that an order costs until it is decided and its e-mail has come.
//
// Brokers, services and clients share the machine: compare only what was measured together, such as two builds in turns.
//
//	scripts/native-kafka up
//	for n in 1 2 3; do for bin in old new; do
//		WORKSHOP_BIN=/tmp/$bin KAFKA_DATA=$PWD/.kafka go test -run '^$' -bench Orders -benchtime 1x \
//			./services/ecommerce/shoptest -args -brokers localhost:9091,localhost:9092,localhost:9093
//	done; done
//
// WORKSHOP_BIN is the folder of the programs, without it they are built; KAFKA_DATA that of the real brokers' files, by which their
// processor time is found.
func BenchmarkOrders(b *testing.B) {
	shop := benchmarked(b)
	defer shop.RemoveTopics(context.WithoutCancel(b.Context()))
	defer shop.Close()
	url, customers, accepted := shop.Gateway.URL(), Users(*users), 0
	for _, c := range []struct {
		name string
		load func(context.Context) Load
	}{
		// Connections, caches and consumers are warm then.
		{"warm", func(ctx context.Context) Load { return AtRate(ctx, url, customers.ByPost, 50, 2*time.Second) }},
		{"GET", func(ctx context.Context) Load { return AtRate(ctx, url, customers.ByGet, 500, *clock) }},
		{"POST", func(ctx context.Context) Load { return AtRate(ctx, url, customers.ByPost, 500, *clock) }},
		{"saturated", func(ctx context.Context) Load { return Saturate(ctx, url, customers.ByPost, 64, *clock) }},
	} {
		b.Run(c.name, func(b *testing.B) { measure(b, shop, c.load, &accepted) })
	}
	for _, program := range shop.Programs() {
		b.Logf("%s: %.1f MiB resident", program.Name, float64(program.RSS())/(1<<20))
	}
}

// measure puts a load on the shop, and waits for all that comes of it. Accepted counts the orders of all loads.
func measure(b *testing.B, shop *Shop, load func(context.Context) Load, accepted *int) {
	var l Load
	began, before := time.Now(), *accepted
	services, others, own := shop.processorTime(), brokersTime(), processorTime(os.Getpid())
	for b.Loop() {
		l = load(b.Context())
		*accepted += len(l.Latencies)
	}
	if err := shop.AwaitDecisions(b.Context(), *accepted, 5*kafkatest.Deadline); err != nil {
		b.Fatal(err)
	}
	decided := time.Since(began)
	kafkatest.EventuallyWithin(b, 5*kafkatest.Deadline, "an e-mail for each order", func() bool {
		return len(shop.Mailbox.Mails()) >= *accepted
	})
	orders := float64(*accepted - before)
	perOrder := func(d time.Duration) float64 { return float64(d.Microseconds()) / orders }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(l.PerSecond, "accepted/s")
	b.ReportMetric(orders/decided.Seconds(), "decided/s")
	b.ReportMetric(orders/time.Since(began).Seconds(), "e-mailed/s")
	b.ReportMetric(float64(l.Quantile(0.5).Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(l.Quantile(0.99).Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(l.Refused), "429")
	b.ReportMetric(float64(l.Failed), "failed")
	spent := shop.processorTime()
	for i, program := range shop.Programs() {
		b.Logf("%s: %.0f us an order", program.Name, perOrder(spent[i]-services[i]))
	}
	b.ReportMetric(perOrder(sum(spent)-sum(services)), "services-us/order")
	b.ReportMetric(perOrder(brokersTime()-others), "brokers-us/order")
	b.ReportMetric(perOrder(processorTime(os.Getpid())-own), "load-us/order") // clients and mail server; embedded brokers too
}

// benchmarked opens the shop that the flags ask for.
func benchmarked(b *testing.B) *Shop {
	b.Helper()
	options := Options{Intake: "outbox", All: true}
	if *brokers == "" {
		shop, _ := open(b, options)
		return shop
	}
	options.Bin, options.Dir, options.Port = kafkatest.Binaries(b), b.TempDir(), kafkatest.FreePort(b)
	options.Brokers, options.Prefix = strings.Split(*brokers, ","), fmt.Sprintf("bench-%d.", time.Now().UnixNano())
	shop, err := Open(b.Context(), options)
	if err == nil {
		err = shop.AwaitGateway(b.Context())
	}
	if err != nil {
		shop.Close()
		b.Fatal(err)
	}
	return shop
}

// processorTime is what each program's process has used so far.
func (s *Shop) processorTime() []time.Duration {
	times := make([]time.Duration, len(s.programs))
	for i, program := range s.programs {
		times[i] = processorTime(program.Pid())
	}
	return times
}

// brokersTime is that of all brokers of scripts/native-kafka; 0 where KAFKA_DATA does not lead to any.
func brokersTime() (total time.Duration) {
	files, _ := filepath.Glob(filepath.Join(os.Getenv("KAFKA_DATA"), "broker-*.pid"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if pid, bad := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && bad == nil {
			total += processorTime(pid)
		}
	}
	return total
}

// processorTime is a process's on Linux, in user and in system mode; 0 elsewhere.
func processorTime(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	const tick = 10 * time.Millisecond // USER_HZ, which is 100 on all of Go's Linux ports
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick
}

func sum(times []time.Duration) (total time.Duration) {
	for _, d := range times {
		total += d
	}
	return total
}
