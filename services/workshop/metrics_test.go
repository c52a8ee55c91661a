package workshop

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/process"
	"workshop.example/workshop/local"
)

var update = flag.Bool("update", false, "write docs/metrics.md, docs/variables.md and the pages in labs anew")

// families are the metrics that a program serves, by their names.
type families = map[string]*dto.MetricFamily

// served lists the programs that serve metrics, in the order of the page. Each is given the settings with which it has the most,
// and the metric that it registers last.
var served = []struct {
	name string
	env  []string
	last string
}{
	{"producer", []string{"PACE=10ms"}, "workshop_publish_seconds"},
	{"consumer", nil, "workshop_partition_lag"},
	{"score-simulator", []string{"PACE=10ms", "MATCHES=0", "TRANSACTIONAL_ID=metrics"}, "workshop_transaction_seconds"},
	{"scoreboard", []string{"MATCHES=0", "DELIVERY=exactly-once"}, "workshop_partition_lag"},
	{"monitor", []string{"HTTP_PORT=0"}, "workshop_partition_lag"},
	{"http-ecommerce", []string{"HTTP_PORT=0"}, "workshop_publish_seconds"},
	{"fraud-detector", nil, "workshop_partition_lag"},
	{"user-service", nil, "workshop_partition_lag"},
	{"email-new-order", nil, "workshop_partition_lag"},
	{"email-service", nil, "workshop_partition_lag"},
	{"reading-report", nil, "workshop_partition_lag"},
	{"batch-send-message", nil, "workshop_partition_lag"},
	{"log-service", nil, "workshop_partition_lag"},
	{"dead-letter", nil, "workshop_dead_letters_kept_total"},
}

// What every program serves keeps to Prometheus' conventions, and is what docs/metrics.md says.
func TestMetrics(t *testing.T) {
	cluster := kafkatest.Start(t)
	shop, err := local.EcommerceTopics(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range slices.Concat(local.StandardTopics(), shop) {
		cluster.CreateTopic(fmt.Sprintf("%s:%d", topic.Name, topic.Partitions))
	}
	cluster.ProduceValues(event.DeadLetterTopic, "a letter to be kept")
	programs := kafkatest.Binaries(t)
	var addrs []string
	for _, p := range served {
		addr := fmt.Sprintf("127.0.0.1:%d", kafkatest.FreePort(t))
		start(t, filepath.Join(programs, p.name), append(p.env, "BOOTSTRAP_SERVERS="+strings.Join(cluster.ListenAddrs(), ","), "OPS_ADDR="+addr,
			"STATE_DIR="+t.TempDir()))
		addrs = append(addrs, addr)
	}
	page := &metricsPage{}
	for i, p := range served {
		var found families
		kafkatest.Eventually(t, p.name+" serves "+p.last, func() bool {
			found = scrape(addrs[i])
			return found[p.last] != nil
		})
		for _, problem := range lint(t, found) {
			t.Errorf("%s: %s: %s", p.name, problem.Metric, problem.Text)
		}
		for _, difference := range page.add(p.name, found) {
			t.Errorf("%s: %s", p.name, difference)
		}
	}
	path, want := filepath.Join(repository, "docs", "metrics.md"), page.text(t)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if is, err := os.ReadFile(path); err != nil || string(is) != want {
		t.Errorf("docs/metrics.md is out of date (%v): go test ./services/workshop -run TestMetrics -update; it has to be\n%s", err, want)
	}
}

// The control: a name that is against the conventions is found.
func TestABadMetricIsFound(t *testing.T) {
	bad := "# HELP workshop_commits Commits.\n# TYPE workshop_commits counter\nworkshop_commits 1\n" +
		"# HELP workshop_wait_ms Time.\n# TYPE workshop_wait_ms gauge\nworkshop_wait_ms 1\n"
	found, err := parse(strings.NewReader(bad))
	if err != nil {
		t.Fatal(err)
	}
	if problems := lint(t, found); len(problems) < 2 {
		t.Errorf("problems %v, want one of each metric at least", problems)
	}
}

// start starts a program that ends with the test, and shows what it printed if the test fails.
func start(t *testing.T, path string, env []string) {
	t.Helper()
	output := &process.Lines{Most: 50}
	p, err := process.Start(process.Command{
		Name: filepath.Base(path), Path: path, Env: append(os.Environ(), env...), Stdout: output, Stderr: output, EndWithParent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		<-p.Ended()
		if t.Failed() {
			for _, line := range output.All() {
				t.Logf("%s: %s", p.Name, line.Text)
			}
		}
	})
}

// scrape returns the metrics at an address; nil where it serves none yet.
func scrape(addr string) families {
	resp, err := http.Get("http://" + addr + "/metrics")
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	found, err := parse(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return found
}

func lint(t *testing.T, found families) []promlint.Problem {
	t.Helper()
	var all []*dto.MetricFamily
	for _, f := range found {
		all = append(all, f)
	}
	problems, err := promlint.NewWithMetricFamilies(all).Lint()
	if err != nil {
		t.Fatal(err)
	}
	return problems
}
