//go:build docker

package acceptance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// observers are the services of the profile observability. Grafana is left out, as Kafka UI is: where no registry is in reach
// there is no image.
var observers = []string{"prometheus", "lag-exporter", "jmx-1", "jmx-2", "jmx-3"}

// The ports of the profile move as the others do: a second class has its own.
func TestPortsOfObservability(t *testing.T) {
	t.Parallel()
	out := dockerWith(t, []string{"PROMETHEUS_PORT=19090", "GRAFANA_PORT=13000", "BIND_ADDRESS=127.0.0.2"},
		"compose", "--profile", "observability", "config", "--format", "json")
	var config struct {
		Services map[string]struct {
			Ports []struct {
				Published string
				HostIP    string `json:"host_ip"`
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &config); err != nil {
		t.Fatal(err)
	}
	for service, want := range map[string]string{"prometheus": "19090", "grafana": "13000"} {
		if p := config.Services[service].Ports; len(p) != 1 || p[0].Published != want || p[0].HostIP != "127.0.0.2" {
			t.Errorf("%s publishes %v, want 127.0.0.2:%s", service, p, want)
		}
	}
}

// observed is the profile beside the stack that runs: what Prometheus is told, what the dashboards get of it, and whom it alerts.
func observed(t *testing.T) {
	up(t, nil, slices.Concat([]string{"--profile", "observability", "up", "-d", "--wait"}, observers)...)
	p := prometheus("http://127.0.0.1:" + published(t, "prometheus", "9090"))
	t.Run("the rules pass their tests", rulesPass)
	t.Run("every target answers", p.everyTargetAnswers)
	t.Run("every panel has a series", p.everyPanelHasASeries)
	t.Run("the commands of docs/dashboards.md", func(t *testing.T) { pageOfDocs(t, "dashboards") })
	t.Run("each alert fires and resolves", p.eachAlertFires)
	t.Log("memory:\n" + docker(t, slices.Concat([]string{"stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}"}, observers)...))
	observersConfined(t)
	compose(t, slices.Concat([]string{"rm", "--stop", "--force"}, observers)...)
}

func observersConfined(t *testing.T) {
	for _, c := range inspectAll(t, observers...) {
		if c.HostConfig.Memory == 0 || c.State.OOMKilled || !slices.Contains(c.HostConfig.CapDrop, "ALL") || !c.HostConfig.ReadonlyRootfs {
			t.Errorf("%s is not confined, or was killed for its memory: %+v", c.Name, c)
		}
		ports := c.HostConfig.PortBindings
		if published := len(ports) > 0; published != (c.Name == "/prometheus") {
			t.Errorf("%s publishes %v", c.Name, ports)
		}
		for _, bindings := range ports {
			if bindings[0].HostIp != "127.0.0.1" {
				t.Errorf("%s is open on %s", c.Name, bindings[0].HostIp)
			}
		}
	}
}

// rulesPass runs promtool, of the image that the rules are for. The control is a rule that does not wait.
func rulesPass(t *testing.T) {
	docker(t, "exec", "prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
	docker(t, "exec", "prometheus", "promtool", "test", "rules", "/etc/prometheus/alerts_test.yml")
	broken := t.TempDir()
	for _, name := range []string{"alerts.yml", "alerts_test.yml"} {
		text := strings.ReplaceAll(read(t, filepath.Join(observability, "prometheus", name)), "for: 30s", "for: 0s")
		if err := os.WriteFile(filepath.Join(broken, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(broken, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("docker", "run", "--rm", "-v", broken+":/rules:ro", "--entrypoint", "promtool",
		inspect(t, "prometheus").Config.Image, "test", "rules", "/rules/alerts_test.yml").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "alertname: LagGrowing") {
		t.Errorf("rules that do not wait pass the tests: %v\n%s", err, out)
	}
}

func pageOfDocs(t *testing.T, name string) {
	t.Helper()
	p, err := parsePage(read(t, "../../../docs/"+name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	p.run(t, "../../..", inDocker)
}

// prometheus is the address of one.
type prometheus string

// get asks its API and stores what is under data.
func (p prometheus) get(t testing.TB, path string, data any) {
	t.Helper()
	resp, err := http.Get(string(p) + "/api/v1/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s: %s %s %v", path, resp.Status, answer.Error, err)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		t.Fatal(err)
	}
}

// series is how many series a query has now.
func (p prometheus) series(t testing.TB, query string) int {
	t.Helper()
	var found struct{ Result []any }
	p.get(t, "query?query="+url.QueryEscape(query), &found)
	return len(found.Result)
}

func (p prometheus) everyTargetAnswers(t *testing.T) {
	var found struct {
		ActiveTargets []struct {
			Labels            map[string]string
			Health, LastError string
		}
	}
	healthy := func() (names []string) {
		p.get(t, "targets", &found)
		for _, target := range found.ActiveTargets {
			if target.Health == "up" {
				names = append(names, target.Labels["service"]+target.Labels["broker"])
			}
		}
		return names
	}
	want := []string{"1", "2", "3"} // the brokers
	for _, name := range strings.Fields(compose(t, "ps", "--services")) {
		if slices.Contains(programs, name) || slices.Contains(shop, name) {
			want = append(want, name)
		}
	}
	defer func() {
		if t.Failed() {
			t.Logf("targets: %+v", found.ActiveTargets)
		}
	}()
	eventually(t, "all programs and brokers answer Prometheus, and nothing else is asked", func() bool {
		names := healthy()
		return len(names) == len(found.ActiveTargets) && len(names) == len(want)+1 && // the exporter of the groups
			!slices.ContainsFunc(want, func(name string) bool { return !slices.Contains(names, name) })
	})
	if p.series(t, "jmx_scrape_error == 1") > 0 {
		t.Error("a broker does not answer its exporter")
	}
}

func (p prometheus) everyPanelHasASeries(t *testing.T) {
	for _, d := range dashboards(t) {
		for _, panel := range d.Panels {
			for _, q := range panel.Targets {
				eventually(t, d.Title+", "+panel.Title+": a series of "+q.Expr, func() bool { return p.series(t, q.Expr) > 0 })
			}
		}
	}
	if n := p.series(t, "workshop_no_such_metric"); n > 0 { // the control
		t.Errorf("%d series of a metric that does not exist", n)
	}
}
