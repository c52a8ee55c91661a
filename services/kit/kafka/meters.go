package kafka

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rcrowley/go-metrics"

	"workshop.example/kit/metric"
)

// Meters is for sarama.Config.MetricRegistry. It takes three of sarama's meters to Prometheus: what a client sends to the brokers
// and receives from them, and how long they take to answer.
//
// Sarama has dozens more, some of them for each broker and each topic, with a moving average to keep for all. Here they count
// nothing.
func Meters(reg prometheus.Registerer) metrics.Registry {
	return meters{metrics.NewRegistry(), map[string]any{
		"outgoing-byte-rate": byteMeter{total: metric.Counter(reg, "workshop_kafka_sent_bytes_total", "Bytes sent to brokers.")},
		"incoming-byte-rate": byteMeter{total: metric.Counter(reg, "workshop_kafka_received_bytes_total", "Bytes received from brokers.")},
		"request-latency-in-ms": latencyMeter{seconds: metric.Register(reg, prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "workshop_kafka_request_seconds",
			Help:    "Time that brokers take to answer a request of any kind. A fetch waits at the broker for messages, for a tenth of a second.",
			Buckets: metric.Seconds[1:], // sarama counts whole milliseconds
		}))},
	}}
}

// meters is a registry in which some names have metrics of ours.
type meters struct {
	metrics.Registry
	ours map[string]any
}

func (m meters) GetOrRegister(name string, other any) any {
	if ours, ok := m.ours[name]; ok {
		return ours
	}
	return m.Registry.GetOrRegister(name, other)
}

type byteMeter struct {
	metrics.NilMeter
	total prometheus.Counter
}

func (m byteMeter) Mark(n int64) { m.total.Add(float64(n)) }

type latencyMeter struct {
	metrics.NilHistogram
	seconds prometheus.Histogram
}

// Update is given milliseconds, cut off: an answer of 1.9 ms is no faster than one of 1.1.
func (m latencyMeter) Update(ms int64) { m.seconds.Observe((float64(ms) + 0.5) / 1000) }
