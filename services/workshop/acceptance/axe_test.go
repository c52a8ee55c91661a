//go:build labs

package acceptance

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// violation is a rule of axe that a page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// wantNoViolation holds the page, as it is now, against the rules of axe.
func wantNoViolation(t testing.TB, page context.Context, name string) {
	t.Helper()
	for _, v := range violations(t, page) {
		t.Errorf("%s: axe finds %s (%s): %s", name, v.ID, v.Impact, v.Help)
		for _, n := range v.Nodes {
			t.Logf("%s\n%s", n.HTML, n.FailureSummary)
		}
	}
}

func violations(t testing.TB, page context.Context) []violation {
	t.Helper()
	python := exec.Command(os.Getenv("WORKSHOP_PYTHON"), "-c", `import importlib.util as u; print(u.find_spec("axe_playwright_python").submodule_search_locations[0])`)
	folder, err := python.Output()
	if err != nil {
		t.Fatalf("where axe is: %v", err)
	}
	script, err := os.ReadFile(strings.TrimSpace(string(folder)) + "/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	must(t, page, "load axe", chromedp.Evaluate[bool](string(script)+"; true"))
	return must(t, page, "run axe", chromedp.Evaluate[[]violation](`axe.run().then((r) => r.violations.map((v) => ({
		ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map((n) => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`, chromedp.EvalAwaitPromise))
}
