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

// speedMessages are sent and read in each turn.
const speedMessages = 500_000

// BenchmarkTLS measures the producer and the consumer in plain text and with TLS and a login, in turns on two listeners of one broker.
// Only the ratio means something: broker and programs share the machine. It is that of the best turns, which other work has slowed
// down least.
//
//	make build && KAFKA_HOME=~/kafka_2.13-3.9.2 WORKSHOP_BIN=$PWD/bin \
//		go test -tags brokers -run '^$' -bench TLS -benchtime 3x ./services/workshop/acceptance
func BenchmarkTLS(b *testing.B) {
	broker := startSecureBroker(b)
	plain := broker.cluster("PLAIN", nil)
	admin, err := sarama.NewClusterAdmin(plain.Brokers, plain.AdminConfig("acceptance"))
	if err != nil {
		b.Fatal(err)
	}
	defer admin.Close()
	listeners := map[string][]string{
		"plain": {"BOOTSTRAP_SERVERS=" + broker.addr["PLAIN"]},
		"tls": {"BOOTSTRAP_SERVERS=" + broker.addr["BOTH"], "KAFKA_SECURITY_PROTOCOL=SASL_SSL", "KAFKA_SASL_MECHANISM=SCRAM-SHA-512",
			"KAFKA_SASL_USERNAME=" + secureUser, "KAFKA_SASL_PASSWORD=" + securePassword, "KAFKA_TLS_CA_FILE=" + broker.dir + "/ca.pem"},
	}
	turn, best := 0, map[string]float64{} // messages a second, by program and listener
	for b.Loop() {
		turn++
		for name, listener := range listeners {
			topic := fmt.Sprintf("%s-%d", name, turn)
			if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: 3, ReplicationFactor: 1}, false); err != nil {
				b.Fatal(err)
			}
			vars := append(slices.Clone(listener), "TOPIC="+topic, "DEAD_LETTER_TOPIC=none", "PACE=0",
				"COUNT="+strconv.Itoa(speedMessages), "CONSUMER_GROUP="+topic)
			for _, program := range []string{"producer", "consumer"} {
				rate := linesASecond(b, program, vars)
				b.Logf("turn %d: %s, %s: %.0f messages a second", turn, program, name, rate)
				best[program+" "+name] = max(best[program+" "+name], rate)
			}
		}
	}
	b.ReportMetric(best["producer tls"]/best["producer plain"], "producer-tls/plain")
	b.ReportMetric(best["consumer tls"]/best["consumer plain"], "consumer-tls/plain")
	b.ReportMetric(0, "ns/op")
}

// linesASecond runs a program until it has printed a line for each message. It counts from the first.
func linesASecond(tb testing.TB, name string, vars []string) float64 {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), filepath.Join(os.Getenv("WORKSHOP_BIN"), name))
	cmd.Env = append(os.Environ(), append(vars, "OPS_ADDR=", "WORKSHOP_LANG=en")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
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
		tb.Fatalf("%s has printed %d lines of %d", name, lines, speedMessages)
	}
	return float64(speedMessages) / time.Since(began).Seconds()
}
