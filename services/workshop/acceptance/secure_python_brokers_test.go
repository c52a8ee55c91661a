//go:build brokers

package acceptance

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"workshop.example/workshop/secrets"
)

// The Python programs take the same settings as ours, by variables and by the file of Kafka's own tools.
func TestPythonWithALogin(t *testing.T) {
	b := startSecureBroker(t)
	b.tool("topics", "create", "match", "--partitions", "1")
	b.tool("topics", "create", "board", "--partitions", "1")
	byVariables := []string{
		"BOOTSTRAP_SERVERS=" + b.addr["BOTH"], "KAFKA_SECURITY_PROTOCOL=SASL_SSL", "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
		"KAFKA_SASL_USERNAME=" + secureUser, "KAFKA_SASL_PASSWORD_FILE=" + b.file("password", []byte(securePassword+"\n")),
		"KAFKA_TLS_CA_FILE=" + filepath.Join(b.dir, "ca.pem"), "TOPIC=match", "BOARD_TOPIC=board",
	}
	byFile := []string{"BOOTSTRAP_SERVERS=", "TOPIC=match", "BOARD_TOPIC=board",
		"KAFKA_CLIENT_CONFIG=" + b.file("client.properties", []byte(strings.Join([]string{
			"# of a managed service", "bootstrap.servers=" + b.addr["BOTH"], "security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512",
			`sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \`,
			`  username="` + secureUser + `" password="` + securePassword + `";`,
			"ssl.truststore.type=PEM", "ssl.truststore.location=" + b.dir + "/ca.pem", "acks=all",
		}, "\n")))}
	// What «workshop users apply» writes: authority and password in one file.
	if err := secrets.Folder(b.dir).WriteClient(secureUser, securePassword, 0, []string{b.addr["BOTH"]}); err != nil {
		t.Fatal(err)
	}
	byOurFile := append(byFile[:3:3], "KAFKA_CLIENT_CONFIG="+filepath.Join(b.dir, secureUser, "client.properties"))
	events := playInPython(t, byVariables...)
	for name, vars := range map[string][]string{"variables": byVariables, "file": byFile, "our-file": byOurFile} {
		for _, board := range []string{"at_least_once", "exactly_once"} {
			wantShown(t, lab(t, "solutions/"+board+".py", append(vars, "CONSUMER_GROUP="+name+board)...), 0, events)
		}
	}
	for _, c := range []struct {
		name string
		vars []string
		told string
	}{
		{"wrong password", []string{"KAFKA_SASL_PASSWORD_FILE=", "KAFKA_SASL_PASSWORD=wrong-password"}, "confira KAFKA_SECURITY_PROTOCOL"},
		{"unknown authority", []string{"KAFKA_TLS_CA_FILE="}, "KAFKA_TLS_CA_FILE"},
		{"no mechanism", []string{"KAFKA_SASL_MECHANISM="}, "aceitos aqui: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"},
		{"no password", []string{"KAFKA_SASL_PASSWORD_FILE="}, "KAFKA_SASL_PASSWORD ou KAFKA_SASL_PASSWORD_FILE"},
	} {
		for _, file := range []string{"gameSimulator.py", "solutions/at_most_once.py"} {
			began := time.Now()
			p := lab(t, file, append(byVariables, c.vars...)...)
			code := p.exit(time.Minute)
			logs := strings.Join(p.Logs(), "\n")
			if code == 0 || !strings.Contains(logs, c.told) || strings.Contains(logs, "wrong-password") {
				t.Errorf("%s, %s: exit code %d after %s, want one that says %q\n%s", c.name, file, code, time.Since(began), c.told, logs)
			}
		}
	}
}
