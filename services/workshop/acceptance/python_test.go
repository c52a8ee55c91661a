//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"workshop.example/kit/kafkatest"
)

// python runs a script under testdata with kafka-python, and wants it to succeed.
func python(t testing.TB, script string, args ...string) []string {
	t.Helper()
	p := start(t, nil, os.Getenv("WORKSHOP_PYTHON"), append([]string{filepath.Join("testdata", script)}, args...)...)
	if code := p.exit(patience); code != 0 {
		t.Fatalf("%s: exit code %d\n%s", script, code, tail(p.Logs()))
	}
	return p.Lines()
}

// What a student's Python program of the Jornada workshop sends, our consumer reads.
func TestOriginalTransactionsAreRead(t *testing.T) {
	t.Parallel()
	name := topic(t, "my-topic", 3)
	consumer := service(t, "consumer", "TOPIC="+name, "CONSUMER_GROUP="+name)
	python(t, "transactions.py", name, "20")
	kafkatest.Eventually(t, "20 messages are consumed", func() bool { return len(consumed(consumer)) == 20 })
	consumer.terminate()
	if !contains(consumer.Lines(), "resumo: 20 lidas · 0 ignoradas") {
		t.Errorf("summary: %s", tail(consumer.Lines()))
	}
}

// What the Python simulator sends, our scoreboard shows to its end: one event after another, and each
// in a transaction.
func TestOriginalMatchIsShown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, transactionalID string }{
		{"plain", ""},
		{"transactional", "simulator-" + fmt.Sprint(time.Now().UnixNano())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := topic(t, "scoreGame", 1)
			board := service(t, "scoreboard", "TOPIC="+name, "CONSUMER_GROUP="+name)
			events := playInPython(t, "TOPIC="+name, "TRANSACTIONAL_ID="+tt.transactionalID)
			if code := board.exit(kafkatest.Deadline); code != 0 {
				t.Errorf("scoreboard: exit code %d", code)
			}
			final := events[len(events)-1].Score
			for _, line := range []string{
				"Partida finalizada!",
				fmt.Sprintf("contagem própria: %d a %d, igual ao placar anunciado", final.TeamA, final.TeamB),
				"ids perdidos: nenhum · ids repetidos: nenhum",
				fmt.Sprintf("resumo: %d lidas · 0 ignoradas", len(events)),
			} {
				if !contains(board.Lines(), line) {
					t.Errorf("the board does not say %q", line)
				}
			}
		})
	}
}

// What ours sends, kafka-python reads; and both choose the same partition for the same key.
func TestPythonReadsOursAndSharesThePartitions(t *testing.T) {
	t.Parallel()
	name := topic(t, "transactions", 3)
	producer := service(t, "producer", "TOPIC="+name, "PACE=0", "COUNT=200", "SEED=6")
	if code := producer.exit(kafkatest.Deadline); code != 0 {
		t.Fatalf("producer: exit code %d", code)
	}
	partition := map[string]int{}
	var keys []string
	for _, line := range python(t, "read.py", name, "200") {
		var msg struct {
			Partition int
			Key       string
			Value     struct {
				User string `json:"id_usuario"`
			}
		}
		if err := json.Unmarshal([]byte(line), &msg); err != nil {
			t.Fatal(err)
		}
		if msg.Key != msg.Value.User {
			t.Errorf("key %q of user %q", msg.Key, msg.Value.User)
		}
		if _, ok := partition[msg.Key]; !ok {
			keys = append(keys, msg.Key)
		}
		partition[msg.Key] = msg.Partition
	}
	used := map[int]bool{}
	for _, line := range python(t, "transactions.py", append([]string{name, "0"}, keys...)...) {
		var sent struct {
			Key       string
			Partition int
		}
		if err := json.Unmarshal([]byte(line), &sent); err != nil {
			t.Fatal(err)
		}
		used[sent.Partition] = true
		if sent.Partition != partition[sent.Key] {
			t.Errorf("key %s: ours went to partition %d, Python's to %d", sent.Key, partition[sent.Key], sent.Partition)
		}
	}
	if len(keys) < 100 || len(used) != 3 {
		t.Errorf("%d keys on %d partitions: too few to tell", len(keys), len(used))
	}
}
