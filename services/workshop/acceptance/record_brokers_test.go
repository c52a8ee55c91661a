//go:build brokers

package acceptance

import (
	"testing"
	"time"

	"workshop.example/kit/reliability"
)

// recordOnBrokers keeps what a test that began then has measured on real brokers.
func recordOnBrokers(t testing.TB, began time.Time, m reliability.Measurement) {
	t.Helper()
	m.Ground, m.Test, m.Seconds = reliability.Brokers, t.Name(), time.Since(began).Seconds()
	if err := reliability.Record(m); err != nil {
		t.Error(err)
	}
}

// Faults, as the records name them.
const (
	killedBroker = "kill -9 of a broker"
	pausedBroker = "SIGSTOP of a broker"
	endedBroker  = "SIGTERM of a broker"
)

// sized is how much of something there is: less in CI than in a campaign.
func sized(ci, all int) int {
	if campaign {
		return all
	}
	return ci
}
