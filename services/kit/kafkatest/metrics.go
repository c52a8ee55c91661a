package kafkatest

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics returns what a registry has: the value of a counter or a gauge, and the number of observations of a histogram. The values
// of the labels stand behind the name, after spaces.
func Metrics(t testing.TB, reg prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			found[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return found
}
