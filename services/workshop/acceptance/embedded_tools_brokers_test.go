//go:build brokers

package acceptance

import (
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// The tools of page 22 on the embedded cluster, which answers some of their questions otherwise than Kafka.
func TestKafkasToolsOnTheEmbeddedCluster(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t)
	theirs := func(program string, args ...string) string {
		t.Helper()
		out, errs, code := run(t, kafkasTool(program, c.Bootstrap(), args...), "a\nb\n")
		if code != 0 || strings.Contains(out+errs, "Exception") {
			t.Errorf("%s %s: exit code %d\n%s%s", program, strings.Join(args, " "), code, out, errs)
		}
		return out
	}
	for _, r := range []struct{ program, args, says string }{
		{"kafka-topics.sh", "--create --topic t --partitions 1 --replication-factor 1 --config retention.ms=60000", "Created topic t."},
		{"kafka-topics.sh", "--describe --topic t", "Configs: retention.ms=60000"},
		{"kafka-console-producer.sh", "--topic t", ""},
		{"kafka-get-offsets.sh", "--topic t", "t:0:2"},
		{"kafka-console-consumer.sh", "--topic t --group g --from-beginning --max-messages 2", "a\nb\n"},
		{"kafka-consumer-groups.sh", "--list", "g\n"},
		{"kafka-consumer-groups.sh", "--describe --group g", "g               t               0          2               2               0"},
	} {
		if out := theirs(r.program, strings.Fields(r.args)...); !strings.Contains(out, r.says) {
			t.Errorf("%s %s lacks %q:\n%s", r.program, r.args, r.says, out)
		}
	}
}
