package deadletter

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const groupName = "DeadletterService"

// row is a kept letter, as a text.
func rows(t *testing.T, dir string) []string {
	t.Helper()
	db, err := store.OpenShared(filepath.Join(dir, "dead-letters.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query(`SELECT key, form, coalesce(topic, '?'), coalesce(topic_offset, -1), reason, attempt, typeof(message), coalesce(message, 'null') FROM letters ORDER BY key`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var all []string
	for found.Next() {
		var key, form, topic, reason, kind, message string
		var offset, attempt int
		if err := found.Scan(&key, &form, &topic, &offset, &reason, &attempt, &kind, &message); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s|%s|%s|%d|%s|%d|%s|%s", key, form, topic, offset, reason, attempt, kind, message))
	}
	return all
}

// javaLetter is a dead letter as the Java programs write it.
func javaLetter(original string) string {
	var numbers []string
	for _, b := range []byte(original) {
		numbers = append(numbers, fmt.Sprint(int8(b)))
	}
	return fmt.Sprintf(`{"type":"[B","payload":[%s],"correlationId":{"id":"NewOrder(1)-_ECOMMERCE_NEW_ORDER(2)-DeadLetter(3)-_ECOMMERCE_DEADLETTER(4)"}}`, strings.Join(numbers, ","))
}

func TestLettersOfEveryForm(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	key := "5"
	ours := event.DeadLetter{
		Topic:     event.SendEmailTopic,
		Partition: 2,
		Offset:    9,
		Key:       &key,
		Service:   "email-service",
		Reason:    "refused",
		Error:     "550",
		Attempt:   3,
		At:        "2026-01-01T00:00:00Z",
	}
	ours.Put([]byte(`{"type":"String"}`))
	s.Send(event.DeadLetterTopic, "a", ours)
	original := `{"type":"br.com.alura.ecommerce.Order","payload":{"orderId":"ç"},"correlationId":{"id":"NewOrder(1)-_ECOMMERCE_NEW_ORDER(2)"}}`
	s.SendValue(event.DeadLetterTopic, "b", javaLetter(original))
	s.SendValue(event.DeadLetterTopic, "c", "not a letter at all")
	s.SendValue(event.DeadLetterTopic, "d", "\x00\xff", header("dlq.topic", event.ReportTopic), header("dlq.offset", "4"),
		header("dlq.reason", "not-utf8"), header("dlq.attempt", "2"))
	s.SendValue(event.DeadLetterTopic, "e", `{"type":"[B","payload":[300],"correlationId":{"id":"X(1)"}}`)
	s.SendValue(event.DeadLetterTopic, "f", `{"type":"DeadLetter","payload":{"topic":"T","base64":"%"},"correlationId":{"id":"X(1)"}}`)
	vars := s.Env()
	r := kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(groupName, event.DeadLetterTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`a|json|ECOMMERCE_SEND_EMAIL|9|refused|3|text|{"type":"String"}`,
		`b|java|ECOMMERCE_NEW_ORDER|-1|unknown|1|text|` + original,
		`c|raw|?|-1|unknown|1|text|not a letter at all`,
		"d|raw|ECOMMERCE_USER_GENERATE_READING_REPORT|4|not-utf8|2|blob|\x00\xff",
		`e|raw|?|-1|unknown|1|text|{"type":"[B","payload":[300],"correlationId":{"id":"X(1)"}}`,
		`f|raw|?|-1|unknown|1|text|{"type":"DeadLetter","payload":{"topic":"T","base64":"%"},"correlationId":{"id":"X(1)"}}`,
	}
	if got := strings.Join(rows(t, vars["STATE_DIR"]), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("kept:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
	out := r.Out.String()
	for _, text := range []string{
		"origem: ECOMMERCE_SEND_EMAIL, partição 2, offset 9\nmotivo: refused (tentativa 3)\nserviço: email-service\nerro: 550\n",
		"mensagem: " + original, "mensagem: not a letter at all", `mensagem: "\x00\xff"`,
		"fim: 6 mensagens mortas guardadas, 0 repetidas\n", "  ECOMMERCE_SEND_EMAIL · refused: 1\n",
	} {
		if !strings.Contains(out, text) {
			t.Errorf("output has no %q", text)
		}
	}
	if got := len(s.ReadAll(event.DeadLetterTopic)); got != 6 {
		t.Errorf("%d letters in the topic, want the 6 that were sent", got)
	}
	metrics, err := r.Ops.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, family := range metrics {
		if family.GetName() == "workshop_dead_letters_kept_total" {
			for _, m := range family.Metric {
				total += m.Counter.GetValue()
			}
		}
	}
	if total != 6 {
		t.Errorf("the counter says %v, want 6", total)
	}
}

func header(key, value string) sarama.RecordHeader {
	return sarama.RecordHeader{Key: []byte(key), Value: []byte(value)}
}

// After a commit that failed the same letters come again: they are kept and counted once.
func TestRepeatIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := s.Env()
	s.SendValue(event.DeadLetterTopic, "a", "rubbish")
	lost := s.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.IllegalGeneration, Count: 1})
	r := kafkatest.StartRun(t, vars, configure, run)
	s.AwaitHandled(groupName, event.DeadLetterTopic)
	if lost.Hits() == 0 {
		t.Fatal("the commit was not refused")
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, vars["STATE_DIR"]); len(got) != 1 {
		t.Errorf("kept: %v, want one", got)
	}
	for _, text := range []string{"já guardada: partição", "fim: 1 mensagens mortas guardadas, 1 repetidas"} {
		if !strings.Contains(r.Out.String(), text) {
			t.Errorf("output has no %q", text)
		}
	}

	// Another cluster counts its offsets anew: the same place there is another letter.
	other := streamtest.Start(t)
	other.SendValue(event.DeadLetterTopic, "a", "of another cluster")
	vars["BOOTSTRAP_SERVERS"] = other.Bootstrap()
	second := kafkatest.StartRun(t, vars, configure, run)
	other.AwaitHandled(groupName, event.DeadLetterTopic)
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, vars["STATE_DIR"]); len(got) != 2 {
		t.Errorf("kept: %v, want the other cluster's too", got)
	}
}
