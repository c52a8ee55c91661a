package cli

import (
	"encoding/json"
	"testing"

	"workshop.example/workshop/secrets"
)

func TestCerts(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := command(t.Context(), "", "certs", "--dir", dir, "--hosts", "localhost,10.0.0.1", "--brokers", "1", "--days", "30")
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, stderr)
	}
	for _, text := range []string{"10.0.0.1", "made: missing"} {
		stdout.Contains(t, text)
	}
	code, stdout, stderr = command(t.Context(), "", "certs", "show", "--dir", dir, "-o", "json")
	var there []secrets.Certificate
	if err := json.Unmarshal([]byte(stdout.String()), &there); err != nil || code != 0 || len(there) != 3 {
		t.Errorf("exit code %d, %d certificates, %v:\n%s", code, len(there), err, stderr)
	}
	// What ends soon is an exit code that a script can ask for.
	code, _, stderr = command(t.Context(), "", "certs", "show", "--dir", dir, "--within", "31")
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, text := range []string{"admin, broker-1", "certs reload"} {
		stderr.Contains(t, text)
	}
}

// Every mistake is named at once.
func TestCertsMistakes(t *testing.T) {
	code, _, stderr := command(t.Context(), "", "certs", "--dir", "", "--hosts", "a b", "--brokers", "-1", "--days", "0", "--clients", "../x")
	if code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	for _, text := range []string{"--dir is empty", `--hosts "a b"`, "--brokers -1", "--days 0", `--clients "../x"`} {
		stderr.Contains(t, text)
	}
}
