//go:build labs

package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"workshop.example/kit/fold"
)

// The help of every service fits the terminal, and says the same at every width.
func TestHelpOfServicesFits(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"producer", "consumer", "score-simulator", "scoreboard", "monitor", "http-ecommerce", "fraud-detector", "user-service",
		"email-new-order", "email-service", "reading-report", "batch-send-message", "log-service", "dead-letter",
	} {
		whole := ""
		for _, width := range []int{10_000, 120, 80, 60} {
			cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), name), "--help")
			cmd.Env = append(os.Environ(), fmt.Sprint("COLUMNS=", width))
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s --help: %v", name, err)
			}
			for line := range strings.Lines(string(out)) {
				quoted := strings.HasPrefix(strings.TrimSpace(line), "'") // one argument of a command, which has to stay whole
				if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width && !quoted {
					t.Errorf("COLUMNS=%d %s --help: a line of %d: %s", width, name, n, line)
				}
			}
			words := strings.Join(strings.Fields(strings.ReplaceAll(string(out), " \\\n", " ")), " ")
			if whole == "" {
				whole = words
			}
			if words != whole {
				t.Errorf("COLUMNS=%d %s --help: other words than on one line:\n%s", width, name, out)
			}
		}
	}
}
