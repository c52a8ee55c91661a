//go:build docker

package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
)

// firstAt is the oldest transaction.
func firstAt(t testing.TB, brokers ...string) *sarama.ConsumerMessage {
	t.Helper()
	msgs, err := kafkatest.ReadAll(kafka.Cluster{Brokers: brokers}, "transactions")
	if err != nil || len(msgs) == 0 {
		t.Fatalf("%d transactions, %v", len(msgs), err)
	}
	return msgs[0]
}

// outlivesDown takes the stack down, and starts it for other machines: four brokers that say where they are.
// Messages and files are there. (That brokers without an address say localhost is TestSingleBroker's end.)
func outlivesDown(t *testing.T) {
	oldest, reports := firstAt(t, strings.Split(kafka.DefaultBrokers, ",")...), reportsInContainer(t)
	down(t, "--profile", "ecommerce", "down")
	client := newElsewhere(t, "four")
	brokers := append(slices.Clone(cluster), "broker-4")
	up(t, []string{
		"BIND_ADDRESS=" + client.host,
		"ADVERTISED_HOST=" + client.host,
	}, slices.Concat([]string{"--profile", "ecommerce", "up", "-d", "--wait"}, brokers, programs, shop)...)

	at := client.host + ":" + published(t, "broker-4", "9094")
	if got := firstAt(t, at); string(got.Value) != string(oldest.Value) || got.Offset != oldest.Offset {
		t.Errorf("the oldest message is %s, before it was %s", got.Value, oldest.Value)
	}
	awaitLog(t, "consumer", `{"id_sequencia":1,`)
	if got := reportsInContainer(t); len(reports) < 2 || !maps.Equal(got, reports) {
		t.Errorf("reports after the restart: %v, before: %v", got, reports)
	}

	client.wants(t, at, "scoreBoard            existe  1 partição, 3 réplicas\n", "workshop", "topics", "apply", "--min-brokers", "4")
	client.wants(t, at, "everywhere criado: 1 partição, 4 réplicas\n", "workshop", "topics", "create", "everywhere", "--partitions", "1",
		"--replication-factor", "4")
	client.wants(t, at, "brokers, o controller é o", "workshop", "doctor", "--brokers", at)
	for _, c := range inspectAll(t, brokers[1:]...) {
		if b := c.HostConfig.PortBindings; len(b) != 1 {
			t.Errorf("%s publishes %v", c.Name, b)
		}
	}
	// By the containers' own door, from outside their network.
	inner := strings.TrimSpace(docker(t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
		container(t, "broker-1"))) + ":29091"
	out := asTool(t, "doctor", "--brokers", inner)
	if !strings.Contains(out, "anuncia broker-1:29091") || !strings.Contains(out, "rede dos contêineres") {
		t.Errorf("by the listener for containers:\n%s", out)
	}
	compose(t, "pause", "broker-2")
	client.refused(t, at, "aceita a conexão e não responde", "docker unpause", "doctor", "--brokers",
		client.host+":"+published(t, "broker-2", "9092"))
	compose(t, "unpause", "broker-2")
}

// downErases ends the story.
func downErases(t *testing.T) {
	stuck := down(t, "--profile", "ecommerce", "--profile", "observability", "--profile", "broker-4", "down", "-v")
	project := "label=com.docker.compose.project=" + projectName(t)
	for _, kind := range []string{"volume", "network"} {
		left := strings.Fields(docker(t, kind, "ls", "--format", "{{.Name}}", "--filter", project))
		if left = slices.DeleteFunc(left, func(name string) bool { return name == stuck }); len(left) > 0 {
			t.Errorf("left behind: %s %s", kind, left)
		}
	}
	if left := docker(t, "ps", "-aq", "--filter", project); left != "" {
		t.Errorf("left behind: containers %s", left)
	}
}
