package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// observability is where the settings of Prometheus and Grafana are.
const observability = "../../../compose"

// dashboard is the part of a dashboard of Grafana that the tests look at.
type dashboard struct {
	UID, Title string
	Panels     []panel
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ UID string }
	Targets                  []struct{ Expr, LegendFormat string }
}

func dashboards(t *testing.T) (all []dashboard) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(observability, "grafana", "dashboards", "*.json"))
	if err != nil || len(paths) != 3 {
		t.Fatalf("dashboards %v, want three: %v", paths, err)
	}
	for _, path := range paths {
		var d dashboard
		if err := json.Unmarshal([]byte(read(t, path)), &d); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, d)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lacks returns what is missing in a panel, "" if nothing is.
func (p panel) lacks(datasource string) string {
	switch g := p.GridPos; {
	case p.Title == "":
		return "a title"
	case g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24:
		return "a place within the 24 columns"
	case p.Type == "row":
		return ""
	case p.Description == "":
		return "a description"
	case p.Datasource.UID != datasource:
		return "the data source that is provisioned"
	case len(p.Targets) == 0:
		return "a query"
	}
	for _, q := range p.Targets {
		if q.Expr == "" || q.LegendFormat == "" {
			return "a query with a legend"
		}
	}
	return ""
}

// covers reports whether two panels lie one upon the other.
func (p panel) covers(other panel) bool {
	a, b := p.GridPos, other.GridPos
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func TestDashboardsAreWhole(t *testing.T) {
	uid := regexp.MustCompile(`(?m)^ +uid: (.+)$`).FindStringSubmatch(read(t, filepath.Join(observability, "grafana", "datasource.yaml")))
	for _, d := range dashboards(t) {
		for i, p := range d.Panels {
			if lack := p.lacks(uid[1]); lack != "" {
				t.Errorf("%s, panel %q lacks %s", d.Title, p.Title, lack)
			}
			for _, earlier := range d.Panels[:i] {
				if p.ID == earlier.ID || p.covers(earlier) {
					t.Errorf("%s: the panels %q and %q have one id, or one place", d.Title, earlier.Title, p.Title)
				}
			}
		}
	}
}

// The control: what a panel may lack is missed.
func TestAHalfPanelIsFound(t *testing.T) {
	const whole = `{"id": 1, "type": "timeseries", "title": "t", "description": "d", "gridPos": {"x": 12, "y": 0, "w": 12, "h": 8},
		"datasource": {"uid": "prometheus"}, "targets": [{"expr": "up", "legendFormat": "{{instance}}"}]}`
	for _, c := range []struct{ out, in, want string }{
		{`"title": "t"`, `"title": ""`, "a title"},
		{`"description": "d"`, `"description": ""`, "a description"},
		{`"x": 12`, `"x": 13`, "a place within the 24 columns"},
		{`"uid": "prometheus"`, `"uid": "other"`, "the data source that is provisioned"},
		{`"legendFormat": "{{instance}}"`, `"legendFormat": ""`, "a query with a legend"},
		{"", "", ""},
	} {
		var p panel
		if err := json.Unmarshal([]byte(strings.Replace(whole, c.out, c.in, 1)), &p); err != nil {
			t.Fatal(err)
		}
		if got := p.lacks("prometheus"); got != c.want {
			t.Errorf("with %s it lacks %q, want %q", c.in, got, c.want)
		}
	}
}

// metricName finds the metrics of the stack's programs and exporters in a query.
var metricName = regexp.MustCompile(`\b(workshop|kafka|kminion)_[a-z0-9_]+`)

// knownMetrics are the names that somebody tells: the programs by their page, the JMX exporter by its rules, and the exporter
// of the groups by its stand-in.
func knownMetrics(t *testing.T) func(name string) bool {
	t.Helper()
	var patterns []string
	for _, source := range []struct {
		path string
		name *regexp.Regexp
		form string
	}{
		{"../../../docs/metrics.md", regexp.MustCompile("`(workshop_[a-z0-9_]+)`"), "%s(_bucket|_sum|_count)?"},
		{observability + "/jmx-exporter.yaml", regexp.MustCompile(`(?m)^ +name: (kafka_.+)$`), "%s"},
		{"lag-exporter/main.go", regexp.MustCompile(`desc\("([a-z_]+)"`), "kminion_kafka_%s"},
	} {
		found := source.name.FindAllStringSubmatch(read(t, source.path), -1)
		if len(found) == 0 {
			t.Fatalf("no metric in %s", source.path)
		}
		for _, m := range found {
			patterns = append(patterns, fmt.Sprintf(source.form, regexp.MustCompile(`\$\d`).ReplaceAllString(m[1], "[a-z]+")))
		}
	}
	known := regexp.MustCompile("^(" + strings.Join(patterns, "|") + ")$")
	return known.MatchString
}

func TestQueriesNameMetricsThatExist(t *testing.T) {
	known := knownMetrics(t)
	queries := map[string]string{"the alerts": read(t, observability+"/prometheus/alerts.yml")}
	for _, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, q := range p.Targets {
				queries[d.Title+", "+p.Title] += q.Expr + "\n"
			}
		}
	}
	for where, query := range queries {
		for _, name := range metricName.FindAllString(query, -1) {
			if !known(name) {
				t.Errorf("%s: nobody tells %s", where, name)
			}
		}
	}
	// The control.
	for name, want := range map[string]bool{
		"workshop_messages_published_total": true, "workshop_messages_publish_total": false,
		"kafka_bytes_in_total": true, "kafka_bytes_total": false,
	} {
		if known(name) != want {
			t.Errorf("%s is known: %v, want %v", name, !want, want)
		}
	}
}

// Each alert has a test of its rule, and says on its page what to do.
func TestEachAlertHasATestAndARemedy(t *testing.T) {
	names := alertNames(t)
	if len(names) < 6 {
		t.Errorf("alerts %v: there are more", names)
	}
	tests, page := read(t, observability+"/prometheus/alerts_test.yml"), read(t, "../../../docs/alerts.md")
	for _, name := range names {
		if strings.Count(tests, name) < 2 { // it fires, and it does not
			t.Errorf("alerts_test.yml does not test %s twice", name)
		}
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("docs/alerts.md says nothing of %s", name)
		}
	}
}

func alertNames(t *testing.T) (names []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(read(t, observability+"/prometheus/alerts.yml"), -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return names
}
