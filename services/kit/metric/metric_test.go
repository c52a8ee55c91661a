package metric_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"workshop.example/kit/metric"
)

// Who asks for a name again counts on.
func TestMembersShareTheirMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 {
		metric.Counter(reg, "c_total", "c").Inc()
		metric.Counters(reg, "v_total", "v", "kind", "a").WithLabelValues("a").Inc()
		metric.Histogram(reg, "h_seconds", "h").Observe(1)
		metric.Histograms(reg, "g_seconds", "g", "kind", "a").WithLabelValues("a").Observe(1)
	}
	if got := testutil.ToFloat64(metric.Counter(reg, "c_total", "c")); got != 2 {
		t.Errorf("counted %g, want 2", got)
	}
	families, err := reg.Gather()
	if err != nil || len(families) != 4 {
		t.Fatalf("%d metrics, want 4; error %v", len(families), err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h != nil && h.GetSampleCount() != 2 {
				t.Errorf("%s: %d observations, want 2", f.GetName(), h.GetSampleCount())
			}
		}
	}
}

// The control: another meaning under the same name is not taken for the same metric.
func TestANameHasOneMeaning(t *testing.T) {
	reg := prometheus.NewRegistry()
	metric.Counter(reg, "c_total", "one thing")
	defer func() {
		if recover() == nil {
			t.Error("a name with two meanings was accepted")
		}
	}()
	metric.Counter(reg, "c_total", "another thing")
}
