package kafka

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"workshop.example/kit/metric"
)

// The outcomes of a transaction.
const (
	committed = "committed"
	aborted   = "aborted"
	unknown   = "unknown" // its commit was not answered
)

func transactionSeconds(reg prometheus.Registerer) *prometheus.HistogramVec {
	return metric.Histograms(reg, "workshop_transaction_seconds",
		"Duration of a transaction, by outcome: committed, aborted, or unknown (no answer to the commit).",
		"outcome", committed, aborted, unknown)
}

// ended notes the outcome of the transaction that is open, if there is one.
func (t *Transactor) ended(outcome string) {
	if t.open {
		t.open = false
		t.seconds.WithLabelValues(outcome).Observe(time.Since(t.began).Seconds())
	}
}
