package cli

import (
	"strings"
	"testing"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/standin"
)

func TestApplyEcommerceTopics(t *testing.T) {
	c := startBrokers(t)
	want := "ECOMMERCE_NEW_ORDER                     created  3 partitions, 3 replicas\n" +
		"ECOMMERCE_ORDER_APPROVED                created  3 partitions, 3 replicas\n" +
		"ECOMMERCE_ORDER_REJECTED                created  3 partitions, 3 replicas\n" +
		"ECOMMERCE_SEND_EMAIL                    created  3 partitions, 3 replicas\n" +
		"ECOMMERCE_SEND_MESSAGE_TO_ALL_USERS     created  3 partitions, 3 replicas\n" +
		"ECOMMERCE_USER_GENERATE_READING_REPORT  created  3 partitions, 3 replicas\n" +
		"ECOMMERCE_DEADLETTER                    created  3 partitions, 3 replicas\n"
	for _, want := range []string{want, strings.ReplaceAll(want, "created", "exists")} {
		code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--ecommerce", "--min-brokers", "3")
		if code != 0 || stderr.String() != noCopies {
			t.Errorf("exit code %d, want 0; standard error:\n%s", code, stderr)
		}
		wantOutput(t, "apply", stdout.String(), want)
	}
	_, stdout, _ := command(t.Context(), c.Bootstrap(), "topics", "describe", event.DeadLetterTopic)
	stdout.Contains(t, "max.message.bytes=1114124, min.insync.replicas=2")

	// A second system on the same brokers.
	environ := []string{"BOOTSTRAP_SERVERS=" + c.Bootstrap(), "TOPIC_PREFIX=turma-b.", "WORKSHOP_LANG=en"}
	tool := &tool{stdout: &standin.Output{}, stderr: &standin.Output{}, environ: environ, kill: t.Context()}
	if code := tool.run(t.Context(), []string{"topics", "apply", "--ecommerce"}); code != 0 {
		t.Errorf("exit code %d, want 0; standard error:\n%s", code, tool.stderr)
	}
	tool.stdout.(*standin.Output).Contains(t, "turma-b.ECOMMERCE_DEADLETTER                    created  3 partitions")
	tool.environ[1] = "TOPIC_PREFIX=a/b"
	if code := tool.run(t.Context(), []string{"topics", "apply", "--ecommerce"}); code != 2 {
		t.Errorf("exit code %d with a prefix that no topic can have, want 2", code)
	}
	if code, _, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--ecommerce", "--topic", "x:1"); code != 2 {
		t.Errorf("exit code %d for --ecommerce and --topic, want 2:\n%s", code, stderr)
	}
}

func TestApplyEcommerceTopicsOnOneBroker(t *testing.T) {
	c := startBrokers(t, kafkatest.FreePorts(t, 1)...)
	code, stdout, stderr := command(t.Context(), c.Bootstrap(), "topics", "apply", "--ecommerce")
	if code != 0 || strings.Count(stdout.String(), "created  3 partitions, 1 replica\n") != 7 {
		t.Errorf("exit code %d, want 0:\n%s", code, stdout)
	}
	stderr.Contains(t, "workshop: warning: with 1 broker the topics got 1 replica instead of 3")
}
