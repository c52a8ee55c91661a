package shoptest

import (
	"context"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// BenchmarkOrders measures the gateway for three seconds per operation: at 500 orders a second, by GET and by POST, and with 64
// clients, each of which sends its next order after its last answer. Latencies count from the moment at which a request was due.
// An order counts as decided when its decision is read from the topic. Brokers, services and clients share the machine: compare only
// what was measured together.
func BenchmarkOrders(b *testing.B) {
	shop, _ := open(b, Options{Intake: "outbox", All: true})
	const span = 3 * time.Second
	url, accepted := shop.Gateway.URL(), 0
	accepted += len(AtRate(b.Context(), url, ByPost, 50, time.Second).Latencies) // connections, caches and consumers are warm then
	for _, c := range []struct {
		name string
		load func(context.Context) Load
	}{
		{"GET", func(ctx context.Context) Load { return AtRate(ctx, url, ByGet, 500, span) }},
		{"POST", func(ctx context.Context) Load { return AtRate(ctx, url, ByPost, 500, span) }},
		{"saturated", func(ctx context.Context) Load { return Saturate(ctx, url, ByPost, 64, span) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var l Load
			began, before := time.Now(), accepted
			for b.Loop() {
				l = c.load(b.Context())
				accepted += len(l.Latencies)
			}
			if err := shop.AwaitDecisions(b.Context(), accepted, kafkatest.Deadline); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(l.PerSecond, "accepted/s")
			b.ReportMetric(float64(accepted-before)/time.Since(began).Seconds(), "decided/s")
			b.ReportMetric(float64(l.Quantile(0.5).Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(l.Quantile(0.99).Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(l.Refused), "429")
			b.ReportMetric(float64(l.Failed), "failed")
		})
	}
	for _, program := range shop.Programs() {
		b.Logf("%s: %.1f MiB resident", program.Name, float64(program.RSS())/(1<<20))
	}
}
