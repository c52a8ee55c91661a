package workshop

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func parse(text io.Reader) (families, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(text)
}

// metricsPage is docs/metrics.md.
type metricsPage struct {
	metrics  map[string]*metricRow
	programs int
}

type metricRow struct {
	kind, help string
	labels     []string
	programs   []string
}

// add adds what a program serves. A name has one meaning in all programs: where it has another, that is returned.
func (p *metricsPage) add(program string, found families) (differences []string) {
	if p.metrics == nil {
		p.metrics = map[string]*metricRow{}
	}
	p.programs++
	for name, f := range found {
		if !strings.HasPrefix(name, "workshop_") {
			continue
		}
		row := p.metrics[name]
		if row == nil {
			row = &metricRow{kind: strings.ToLower(f.GetType().String()), help: f.GetHelp(), labels: labels(f)}
			p.metrics[name] = row
		}
		if row.help != f.GetHelp() {
			differences = append(differences, fmt.Sprintf("%s is %q, and elsewhere %q", name, f.GetHelp(), row.help))
		}
		row.programs = append(row.programs, program)
	}
	return differences
}

func labels(f *dto.MetricFamily) (names []string) {
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, "`"+l.GetName()+"`")
	}
	return names
}

// table returns the page's table.
func (p *metricsPage) table() string {
	rows := []string{"| metric | type | labels | what | programs |", "|---|---|---|---|---|"}
	for _, name := range slices.Sorted(maps.Keys(p.metrics)) {
		row := p.metrics[name]
		programs := strings.Join(row.programs, ", ")
		switch {
		case len(row.programs) == p.programs:
			programs = "all"
		case slices.Equal(row.programs, p.metrics["workshop_rebalances_total"].programs):
			programs = "members of groups"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s | %s |", name, row.kind, strings.Join(row.labels, ", "), row.help, programs))
	}
	return strings.Join(rows, "\n")
}

// text returns the page: the words around the table are in testdata/metrics.md.
func (p *metricsPage) text(t *testing.T) string {
	t.Helper()
	words, err := os.ReadFile(filepath.Join("testdata", "metrics.md"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(words), "TABLE", p.table(), 1)
}
