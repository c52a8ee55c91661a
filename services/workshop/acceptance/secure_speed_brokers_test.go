//go:build brokers

package acceptance

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// TLS and a login may cost, but not more than this: the least part of the plain text's speed, and how many messages are sent and read.
const leastWithTLS = 0.6

var speedMessages = sized(100_000, 500_000)

// One broker, two of its listeners, in turns: ratios of one run are comparable, and figures of two are not.
func TestSpeedWithTLS(t *testing.T) {
	b := startSecureBroker(t)
	admin, err := sarama.NewClusterAdmin(b.cluster("PLAIN", nil).Brokers, b.cluster("PLAIN", nil).AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	listeners := map[string][]string{
		"plain text": {"BOOTSTRAP_SERVERS=" + b.addr["PLAIN"]},
		"TLS": {"BOOTSTRAP_SERVERS=" + b.addr["BOTH"], "KAFKA_SECURITY_PROTOCOL=SASL_SSL", "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
			"KAFKA_SASL_USERNAME=" + secureUser, "KAFKA_SASL_PASSWORD=" + securePassword, "KAFKA_TLS_CA_FILE=" + b.dir + "/ca.pem"},
	}
	produced, consumed := map[string][]float64{}, map[string][]float64{}
	for turn := range 4 {
		for _, name := range []string{"plain text", "TLS"} {
			topic := fmt.Sprintf("speed-%d-%d", turn, len(name))
			if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1}, false); err != nil {
				t.Fatal(err)
			}
			vars := append(slices.Clone(listeners[name]), "TOPIC="+topic, "DEAD_LETTER_TOPIC=none", "PACE=0",
				"COUNT="+strconv.Itoa(speedMessages), "CONSUMER_GROUP="+topic)
			sent, read := linesASecond(t, "producer", vars), linesASecond(t, "consumer", vars)
			if turn > 0 { // the first warms the broker up
				produced[name], consumed[name] = append(produced[name], sent), append(consumed[name], read)
			}
		}
	}
	for program, rates := range map[string]map[string][]float64{"producer": produced, "consumer": consumed} {
		// The best of its turns is the one that other work on the machine has slowed down least.
		plain, protected := slices.Max(rates["plain text"]), slices.Max(rates["TLS"])
		t.Logf("%s: %.0f messages a second in plain text, %.0f with TLS and a login: %.2f", program, plain, protected, protected/plain)
		if protected/plain < leastWithTLS {
			t.Errorf("%s: with TLS it has %.2f of its speed, want %.2f at least: %v", program, protected/plain, leastWithTLS, rates)
		}
	}
}

// linesASecond runs a program until it has printed a line for each message. It counts from the first.
func linesASecond(t *testing.T, name string, vars []string) float64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(os.Getenv("WORKSHOP_BIN"), name))
	cmd.Env = append(os.Environ(), append(vars, "OPS_ADDR=", "WORKSHOP_LANG=en")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Signal(syscall.SIGTERM)
	lines, began := 0, time.Time{}
	for in := bufio.NewScanner(out); lines <= speedMessages && in.Scan(); lines++ {
		if lines == 1 { // behind the one that says that the brokers are there
			began = time.Now()
		}
	}
	if lines <= speedMessages {
		t.Fatalf("%s has printed %d lines of %d", name, lines, speedMessages)
	}
	return float64(speedMessages) / time.Since(began).Seconds()
}
