//go:build brokers

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// Every command that asks a cluster ends within 5 s where the password is wrong, and where a right is missing: it names the operation
// and the resource, and how to grant it. With the right to see things, it is the next right that is named.
func TestEveryCommandNamesTheMissingRight(t *testing.T) {
	b := startSecureBroker(t)
	admin, err := sarama.NewClusterAdmin(b.cluster("PLAIN", nil).Brokers, b.cluster("PLAIN", nil).AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, topic := range []string{"closed", "closed.dlq"} {
		b.tool("topics", "create", topic)
	}
	produce := service(t, "producer", "BOOTSTRAP_SERVERS="+b.addr["PLAIN"], "TOPIC=closed", "COUNT=1", "PACE=0")
	if produce.exit(time.Minute) != 0 {
		t.Fatal("the producer has ended with an error")
	}
	b.tool("consume", "closed", "--group", "foreign", "--from-beginning", "--max", "1")
	const seesTopic, seesLetters, seesGroup = "DESCRIBE on topic closed", "DESCRIBE on topic closed.dlq", "DESCRIBE on group foreign"
	const replays = "group dlq-replay-closed.dlq"
	commands := []struct {
		line        string
		none, sight string // the right that is missing; "": the command ends well
	}{
		{"cluster", "", ""},
		{"topics list", "", ""},
		{"topics describe closed", seesTopic, ""},
		{"topics create new", "CREATE on topic new", "CREATE on topic new"},
		{"topics apply --timeout 3s", "CREATE on topic transactions", "CREATE on topic transactions"},
		{"topics alter closed --partitions 3", seesTopic, "ALTER on topic closed"},
		{"topics alter closed --config retention.ms=60000", seesTopic, "ALTER_CONFIGS on topic closed"},
		{"topics delete closed", seesTopic, "DELETE on topic closed"},
		{"topics reassign closed --replication-factor 1", seesTopic, ""}, // one broker: there is nothing to change
		{"groups list", "", ""},
		{"groups describe foreign", seesGroup, ""},
		{"groups reset foreign --topic closed --to earliest --execute", seesGroup, "READ on group foreign"},
		{"groups delete foreign", seesGroup, "DELETE on group foreign"},
		{"produce closed", seesTopic, "WRITE on topic closed"},
		{"consume closed --from-beginning --max 1", seesTopic, "READ on topic closed"},
		{"consume closed --from-beginning --max 1 --group foreign", seesTopic, "READ on the group"},
		{"dlq list", "", "DESCRIBE on " + replays},
		{"dlq show closed.dlq", seesLetters, ""}, // there is none to read
		{"dlq replay closed.dlq", seesLetters, "WRITE on it"},
		{"reset at-least-once --execute", "CREATE on topic scoreGame", "CREATE on topic scoreGame"},
	}
	try := func(password, line, want, remedy string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(os.Getenv("WORKSHOP_BIN"), "workshop"), strings.Fields(line)...)
		cmd.Env = append(os.Environ(), "BOOTSTRAP_SERVERS="+b.addr["LOGIN"], "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT",
			"KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "KAFKA_SASL_USERNAME="+powerlessUser, "KAFKA_SASL_PASSWORD="+password,
			"COLUMNS=1000", "WORKSHOP_LANG=en")
		began := time.Now()
		_, errs, code := run(t, cmd, "a message\n")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("workshop %s: it took %s, want 5s at most", line, took)
		}
		switch {
		case want == "" && code != 0:
			t.Errorf("workshop %s: exit code %d\n%s", line, code, errs)
		case want != "" && (code != 1 || !strings.Contains(errs, want) || !strings.Contains(errs, remedy)):
			t.Errorf("workshop %s: exit code %d, want 1 and %q with %q\n%s", line, code, want, remedy, errs)
		}
	}
	for _, c := range commands {
		try("wrong-password", c.line, "login refused", "user")
		try(securePassword, c.line, c.none, "kafka-acls --add --operation ")
	}
	for _, topic := range []string{"closed", "closed.dlq"} {
		b.allow(admin, sarama.AclResourceTopic, topic, sarama.AclOperationDescribe)
	}
	b.allow(admin, sarama.AclResourceGroup, "foreign", sarama.AclOperationDescribe)
	for _, c := range commands {
		try(securePassword, c.line, c.sight, "kafka-acls --add --operation ")
	}
	// A program that may see its topic, and write to none.
	vars := []string{"BOOTSTRAP_SERVERS=" + b.addr["LOGIN"], "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
		"KAFKA_SASL_USERNAME=" + powerlessUser, "KAFKA_SASL_PASSWORD=" + securePassword, "TOPIC=closed", "PACE=0"}
	for _, c := range [][]string{{"producer", "PUBLISHER=batch"}, {"producer", "PUBLISHER=sarama"}, {"score-simulator", "MATCHES=1"}} {
		p := service(t, c[0], append(vars, c[1:]...)...)
		if code := p.exit(time.Minute); code != 1 || !strings.Contains(strings.Join(p.Logs(), "\n"), "no permission for WRITE on topic closed") {
			t.Errorf("%v: exit code %d", c, code)
		}
	}
}
