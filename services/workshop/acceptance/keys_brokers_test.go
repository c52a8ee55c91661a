//go:build brokers

package acceptance

import (
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/kafkatest"
)

// Python's and Java's keys land where ours do. Kafka's console producer is the Java client.
func TestPythonsAndJavasKeys(t *testing.T) {
	t.Parallel()
	java := sender{"kafka-console-producer.sh", func(t testing.TB, topic string, keys []string) {
		theirs(t, keyed(keys), "kafka-console-producer.sh", "--topic", topic, "--property", "parse.key=true", "--property", "key.separator=:")
	}}
	wantSamePlaces(t, stack, func() string { return topic(t, "keys", 3) }, bySarama(stack), byPython(stack), java)
}

// What the students of a class leave on real brokers goes with one command: what a run has kept, and what
// the page works with by hand. A consumer that is at work keeps all of it.
func TestResetOnBrokers(t *testing.T) {
	brokers := strings.Join(stack.Brokers, ",")
	// The boards of a lab are static members: they count until their sessions end.
	eventually := func(args ...string) {
		kafkatest.Eventually(t, strings.Join(args, " "), func() bool { _, _, code := tryTool(t, "", args...); return code == 0 })
	}
	eventually("reset", "order", "--execute")
	tool(t, "", "lab", "run", "order", "--keep", "--pace", "1ms", "--bootstrap-servers", brokers)
	eventually("reset", "order")
	left := func() []string {
		var names []string
		for _, s := range ours[struct {
			Steps []struct{ Kind, Name, Action string }
		}](t, "reset", "order").Steps {
			names = append(names, s.Kind+" "+s.Action)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	if got := left(); !slices.Contains(got, "topic delete") || !slices.Contains(got, "group delete") {
		t.Fatalf("a run with --keep leaves %q", got)
	}
	if code := service(t, "score-simulator", "TOPIC=scoreGame", "PACE=0").exit(kafkatest.Deadline); code != 0 {
		t.Fatalf("score-simulator: exit code %d", code)
	}
	board := service(t, "scoreboard", "TOPIC=scoreGame", "MATCHES=0", "CONSUMER_GROUP=reset-test", "AUTO_OFFSET_RESET=earliest")
	board.waitFor("Partida finalizada!")
	if _, errs, code := tryTool(t, "", "reset", "order", "--execute"); code != 1 ||
		!strings.Contains(errs, "group reset-test: it has 1 active member") {
		t.Errorf("while a board reads: exit code %d\n%s", code, errs)
	}
	board.terminate()
	if code := service(t, "score-simulator", "TOPIC=scoreGame", "PACE=0").exit(kafkatest.Deadline); code != 0 {
		t.Fatalf("score-simulator: exit code %d", code)
	}
	for range 3 { // made anew again and again, with messages in it each time
		tool(t, "", "reset", "order", "--execute")
		if got := left(); len(got) != 0 {
			t.Fatalf("after a reset there are left %q", got)
		}
		if got := theirs(t, "", "kafka-topics.sh", "--describe", "--topic",
			"scoreGame"); !strings.Contains(got, "PartitionCount: 1\tReplicationFactor: 3\t") {
			t.Errorf("Kafka's own tool says of scoreGame:\n%s", got)
		}
		service(t, "score-simulator", "TOPIC=scoreGame", "PACE=0").exit(kafkatest.Deadline)
	}
	topics := tool(t, "", "topics", "list")
	if strings.Contains(topics, "lab-order-") {
		t.Errorf("left on the cluster:\n%s", topics)
	}
}
