//go:build brokers

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafkatest"
)

// document starts one of the programs of the course's documents.
func document(t *testing.T, name, topic string, args ...string) *program {
	t.Helper()
	path := filepath.Join(root(t), "labs", "python", "documentos", name+".py")
	vars := []string{"kafka_host_url=localhost:9091", "TOPIC=" + topic, "PYTHONDONTWRITEBYTECODE=1"}
	return start(t, vars, os.Getenv("WORKSHOP_PYTHON"), append([]string{path}, args...)...)
}

// received counts the lines that say of a message.
func received(programs ...*program) (count int) {
	for _, p := range programs {
		for _, line := range p.Lines() {
			if strings.Contains(line, "Mensagem recebida: {'numero': ") {
				count++
			}
		}
	}
	return count
}

// The ten messages reach meu-grupo, and are shared by two consumers of another group.
func TestDocumentsTenMessages(t *testing.T) {
	t.Parallel()
	name := topic(t, "documents", 2)
	alone := document(t, "meu_grupo", name, name+"-meu-grupo")
	one := document(t, "meu_grupo", name, name, "Consumidor 1")
	two := document(t, "meu_grupo", name, name, "Consumidor 2")
	kafkatest.EventuallyWithin(t, patience, "two consumers share a group", func() bool {
		members, _ := membersOf(t, name)
		return members == 2
	})
	producer := document(t, "dez_mensagens", name)
	if code := producer.exit(kafkatest.Deadline); code != 0 || len(producer.Lines()) != 10 {
		t.Errorf("exit code %d after %d messages", code, len(producer.Lines()))
	}
	kafkatest.Eventually(t, "one consumer has ten messages", func() bool { return received(alone) == 10 })
	kafkatest.Eventually(t, "two have ten together", func() bool { return received(one, two) == 10 })
}

// What the consumer has committed by itself, after a second, is not shown again after kill -9. Until then it is: the control.
func TestDocumentsCommitEverySecond(t *testing.T) {
	t.Parallel()
	name := topic(t, "detections", 1)
	send := func(n int) {
		t.Helper()
		if code := document(t, "send_to_kafka_topic", name, name, fmt.Sprintf(`{"numero": %d}`, n)).exit(kafkatest.Deadline); code != 0 {
			t.Fatalf("exit code %d", code)
		}
	}
	send(1)
	first := document(t, "consumer_kafka_topic_messages", name, name)
	first.waitFor("{'numero': 1}")
	kafkatest.Eventually(t, "the offset is committed", func() bool { return committed(t, "group_data_science", name, 0) == 1 })
	send(2)
	first.waitFor("{'numero': 2}")
	first.crash() // within the second, or after it
	at := committed(t, "group_data_science", name, 0)
	second := document(t, "consumer_kafka_topic_messages", name, name)
	send(3)
	// The group waits for the dead member's session, 45 s unless told otherwise.
	kafkatest.EventuallyWithin(t, 3*time.Minute, "the third is shown", func() bool { return contains(second.Lines(), "{'numero': 3}") })
	if contains(second.Lines(), "{'numero': 1}") || contains(second.Lines(), "{'numero': 2}") != (at == 1) {
		t.Errorf("offset %d was committed; shown after it:\n%s", at, tail(second.Lines()))
	}
}

// committed is a group's offset on a partition, -1 for none.
func committed(t *testing.T, group, topic string, partition int32) int64 {
	t.Helper()
	admin, err := sarama.NewClusterAdmin(stack.Brokers, stack.AdminConfig("acceptance"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	offsets, err := admin.ListConsumerGroupOffsets(group, map[string][]int32{topic: {partition}})
	if err != nil {
		t.Fatal(err)
	}
	return offsets.GetBlock(topic, partition).Offset
}
