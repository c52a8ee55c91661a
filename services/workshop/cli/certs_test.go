package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workshop.example/kit/certs"
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

// A host's folder has all that the host needs, for its own address alone; called again, nothing changes but what ends.
func TestCertsHosts(t *testing.T) {
	dir := t.TempDir()
	line := []string{"certs", "hosts", "10.0.0.1,10.0.0.2,kafka-3.example", "--dir", dir}
	texts := map[string]string{}
	for range 2 {
		if code, _, stderr := command(t.Context(), "", line...); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, stderr)
		}
		for _, name := range []string{"ca.pem", "keystore.pem", "broker.env"} {
			text, err := os.ReadFile(filepath.Join(dir, "broker-2", name))
			if err != nil {
				t.Fatal(err)
			}
			if before, again := texts[name]; again && string(text) != before {
				t.Errorf("called again it is another %s", name)
			}
			texts[name] = string(text)
		}
	}
	for _, setting := range []string{
		"HOSTS=10.0.0.1,10.0.0.2,kafka-3.example", "KAFKA_NODE_ID=2", "KAFKA_BROKER_RACK=host-2", "3@kafka-3.example:19093",
		"EXTERNAL://10.0.0.2:9092",
	} {
		if !strings.Contains(texts["broker.env"], setting) {
			t.Errorf("broker.env lacks %s:\n%s", setting, texts["broker.env"])
		}
	}
	certificate, err := certs.ParseCertificate([]byte(texts["keystore.pem"]))
	if err != nil || certificate.VerifyHostname("10.0.0.2") != nil || certificate.VerifyHostname("10.0.0.1") == nil {
		t.Errorf("the second host's certificate is for %v %v, %v", certificate.DNSNames, certificate.IPAddresses, err)
	}
	properties, err := os.ReadFile(filepath.Join(dir, "admin", "client.properties"))
	if err != nil || !strings.Contains(string(properties), "10.0.0.2:29092") {
		t.Errorf("%v, and no 10.0.0.2:29092 in\n%s", err, properties)
	}
}

func TestCertsHostsMistakes(t *testing.T) {
	for hosts, texts := range map[string][]string{
		"10.0.0.1":                    {"1 hosts; accepted: three"},
		"10.0.0.1,10.0.0.1":           {"2 hosts; accepted: three", "10.0.0.1 is there twice"},
		"localhost,127.0.0.1,::1,a b": {"4 hosts", "localhost is each host to itself", "127.0.0.1 is each host", `"::1"; accepted`, `"a b"; accepted`},
		"0.0.0.0,10.0.0.2,10.0.0.3":   {"0.0.0.0 is each host to itself", "--days 0; accepted"},
	} {
		code, _, stderr := command(t.Context(), "", "certs", "hosts", hosts, "--dir", t.TempDir(), "--days", "0")
		if code != 2 {
			t.Errorf("%s: exit code %d, want 2", hosts, code)
		}
		for _, text := range texts {
			stderr.Contains(t, text)
		}
	}
}
