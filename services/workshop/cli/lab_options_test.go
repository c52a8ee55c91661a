package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"workshop.example/kit/kafkaenv"
)

// A lab hides every variable of the programs from those that it starts: docs/variables.md, which a test makes from
// their --help, has all of them.
func TestContractVariablesAreWhole(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "variables.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([A-Za-z_]+)`").FindAllStringSubmatch(string(page), -1)
	if len(rows) < len(contractVariables) {
		t.Errorf("docs/variables.md has %d rows for %d variables", len(rows), len(contractVariables))
	}
	for _, row := range rows {
		if !slices.Contains(slices.Concat(contractVariables, kafkaenv.SecurityVariables), row[1]) {
			t.Errorf("contractVariables lacks %s", row[1])
		}
	}
}
