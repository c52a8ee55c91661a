//go:build brokers

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// The tools of page 22 on the embedded cluster, which answers some of their questions otherwise than Kafka: those of Kafka 3.9 and of
// Kafka 4.
func TestKafkasToolsOnTheEmbeddedCluster(t *testing.T) {
	t.Parallel()
	for name, home := range map[string]string{"Kafka 3.9": os.Getenv("KAFKA_HOME"), "Kafka 4": kafka4(t)} {
		t.Run(name, func(t *testing.T) { toolsOnTheEmbeddedCluster(t, home) })
	}
}

func toolsOnTheEmbeddedCluster(t *testing.T, home string) {
	t.Helper()
	c := kafkatest.Start(t)
	for _, r := range []struct{ program, args, says string }{
		{"kafka-topics.sh", "--create --topic t --partitions 1 --replication-factor 1 --config retention.ms=60000", "Created topic t."},
		{"kafka-topics.sh", "--describe --topic t", "Configs: retention.ms=60000"},
		{"kafka-console-producer.sh", "--topic t", ""},
		{"kafka-get-offsets.sh", "--topic t", "t:0:2"},
		{"kafka-console-consumer.sh", "--topic t --group g --from-beginning --max-messages 2", "a\nb\n"},
		{"kafka-consumer-groups.sh", "--list", "g\n"},
		{"kafka-consumer-groups.sh", "--describe --group g", "g               t               0          2               2               0"},
	} {
		cmd := kafkasTool(r.program, c.Bootstrap(), strings.Fields(r.args)...)
		cmd.Path = filepath.Join(home, "bin", r.program)
		out, errs, code := run(t, cmd, "a\nb\n")
		switch {
		case code != 0 || strings.Contains(out+errs, "Exception"):
			t.Errorf("%s %s: exit code %d\n%s%s", r.program, r.args, code, out, errs)
		case !strings.Contains(out, r.says):
			t.Errorf("%s %s lacks %q:\n%s", r.program, r.args, r.says, out)
		}
	}
}
