package cli

import (
	"testing"

	"workshop.example/kit/service"
	"workshop.example/workshop/standin"
)

func TestBenchOrdersWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"--rate", "0"}, {"--rate", "20001"}, {"--duration", "10ms"}, {"--clients", "0"}, {"--brokers", "nowhere"}, {"more"},
	} {
		binDir := func() (string, error) { return t.TempDir(), nil }
		tool := &tool{stdout: &standin.Output{}, stderr: &standin.Output{}, kill: t.Context(), binDir: binDir}
		if code := tool.run(t.Context(), append([]string{"bench", "orders"}, args...)); code != service.ExitUsage {
			t.Errorf("%v: exit code %d, want 2: %s", args, code, tool.stderr)
		}
	}
}
