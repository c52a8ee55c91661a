package kafka

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/metric"
)

// Published counts what a program publishes.
type Published struct {
	acknowledged, failed, unknown prometheus.Counter
	seconds                       prometheus.Histogram
}

// NewPublished registers the metrics in reg.
func NewPublished(reg prometheus.Registerer) *Published {
	total := metric.Counters(reg, "workshop_messages_published_total",
		"Messages by outcome: acknowledged, failed (certainly not in the log), or unknown (sent, and no clear answer came).",
		"outcome", "acknowledged", "failed", "unknown")
	return &Published{
		acknowledged: total.WithLabelValues("acknowledged"),
		failed:       total.WithLabelValues("failed"),
		unknown:      total.WithLabelValues("unknown"),
		seconds: metric.Histogram(reg, "workshop_publish_seconds",
			"Time from a message to its outcome, retries included. One observation for messages whose outcomes come together: the oldest."),
	}
}

// Count adds outcomes. A clock per message would be dear: began is when the oldest of them was handed over.
func (p *Published) Count(began time.Time, acknowledged, failed, unknown int) {
	p.acknowledged.Add(float64(acknowledged))
	p.failed.Add(float64(failed))
	p.unknown.Add(float64(unknown))
	p.seconds.Observe(time.Since(began).Seconds())
}

// CountErrors is Count for the errors of sends, which are nil for acknowledged messages.
func (p *Published) CountErrors(began time.Time, errs ...error) {
	var acknowledged, failed, unknown int
	for _, err := range errs {
		switch {
		case err == nil:
			acknowledged++
		case Refused(err):
			failed++
		default:
			unknown++
		}
	}
	p.Count(began, acknowledged, failed, unknown)
}
