package publish

import (
	"time"

	"github.com/IBM/sarama"
	"github.com/rcrowley/go-metrics"
)

// meters are those in which sarama counts its own requests, so that the configuration's registry has the publisher's beside them.
type meters struct {
	sent, received metrics.Meter // bytes
	latency        metrics.Histogram
}

func newMeters(conf *sarama.Config) meters {
	return meters{
		sent:     metrics.GetOrRegisterMeter("outgoing-byte-rate", conf.MetricRegistry),
		received: metrics.GetOrRegisterMeter("incoming-byte-rate", conf.MetricRegistry),
		latency:  metrics.GetOrRegisterHistogram("request-latency-in-ms", conf.MetricRegistry, metrics.NilSample{}),
	}
}

// asked notes a request that is about to be written: afterwards it may have its answer, and be in use again.
func (m meters) asked(r *request, conf *sarama.Config) {
	size, _ := r.size(conf)
	m.sent.Mark(int64(size))
}

// answered notes an answer of so many bytes to a request.
func (m meters) answered(r *request, bytes int) {
	m.received.Mark(int64(bytes))
	m.latency.Update(time.Since(r.sent).Milliseconds())
}
