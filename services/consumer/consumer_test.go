package consumer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

const good = `{"id_sequencia":%d,"id_usuario":"20001","id_transacao":"t","id_produto":"12345","endereco":"a | b | BR","cadastro_em":"2024-07-13 09:00:00","id_plataforma":"Mobile","mensagem":"m"}`

func env(c *kafkatest.Cluster, more ...string) map[string]string {
	vars := map[string]string{"BOOTSTRAP_SERVERS": c.Bootstrap()}
	for i := 0; i < len(more); i += 2 {
		vars[more[i]] = more[i+1]
	}
	return vars
}

// It is not parallel: a join that takes two seconds is told, too.
func TestPrintsCommitsAndSumsUp(t *testing.T) {
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	c.ProduceValues("transactions", fmt.Sprintf(good, 1), fmt.Sprintf(good, 2)+"\n", "{\n \"extra\": 1,"+fmt.Sprintf(good, 3)[1:])
	r := kafkatest.StartRun(t, env(c), configure, run)
	r.WaitFor(`"id_sequencia":3`)
	kafkatest.Eventually(t, "three messages committed", func() bool { return c.Committed("cg-group-id", "transactions", 0) == 3 })
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"brokers estão disponíveis e prontos para consumir mensagens",
		"partições recebidas: 0 (agora: 0)",
		fmt.Sprintf(good, 1), fmt.Sprintf(good, 2), `{"extra":1,` + fmt.Sprintf(good, 3)[1:],
		"resumo: 3 lidas · 0 ignoradas",
	}
	if got := r.Out.Lines(); !slices.Equal(got, want) {
		t.Errorf("output:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A cluster that never had a group has no coordinator for some seconds. The consumer calls itself ready when there is one, and
// then neither takes that back nor speaks of a member that has died.
// It is not parallel: a join that takes two seconds is told, too.
func TestReadyOnceThereIsACoordinator(t *testing.T) {
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	none := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.FindCoordinator}, Err: kerr.CoordinatorNotAvailable, Count: -1})
	r := kafkatest.StartRun(t, env(c), configure, run)
	const ready = "brokers estão disponíveis e prontos para consumir mensagens"
	kafkatest.Eventually(t, "it has asked five times", func() bool { return none.Hits() >= 5 })
	if strings.Contains(r.Out.String(), ready) {
		t.Error("it calls itself ready without a coordinator")
	}
	none.Remove()
	r.WaitFor("partições recebidas")
	// On a slow machine it may have said why it waits, before.
	got, want := r.Out.Lines(), []string{ready, "partições recebidas: 0 (agora: 0)"}
	if i := slices.Index(got, ready); i < 0 || !slices.Equal(got[i:], want) {
		t.Errorf("output %q, want %q at its end", got, want)
	}
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
}

// unreadable is every kind of message that cannot be read, and the reason that its dead letter gives.
var unreadable = []struct {
	name, reason string
	value        sarama.Encoder
}{
	{"null value", event.ReasonTombstone, nil},
	{"empty", event.ReasonEmpty, sarama.ByteEncoder{}},
	{"not JSON", event.ReasonNotJSON, sarama.StringEncoder("olá")},
	{"truncated", event.ReasonNotJSON, sarama.StringEncoder(`{"id_sequencia":1,"id_us`)},
	{"1 MiB", event.ReasonNotJSON, sarama.ByteEncoder(make([]byte, 1<<20-64))}, // all that a batch of 1 MiB + 12 bytes holds
	{"wrong types", event.ReasonWrongType, sarama.StringEncoder(strings.Replace(good, "%d", `"1"`, 1))},
	{"wrong fields", event.ReasonMissingField, sarama.StringEncoder(`{"id":1,"event":"goal"}`)},
	{"invalid UTF-8", event.ReasonNotUTF8, sarama.ByteEncoder("{\"id_usuario\":\"\xff\"}")},
}

func TestUnreadableMessagesBecomeDeadLetters(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1")
	// As «workshop topics apply» does: the letter's headers come on top of the largest message.
	room := "1114124"
	if err := c.Cluster.CreateTopic("transactions.dlq", 1, map[string]string{"max.message.bytes": room}); err != nil {
		t.Fatal(err)
	}
	// With a small value the headers are what is at the limit, with the large one the value is.
	header := sarama.RecordHeader{Key: []byte("trace"), Value: []byte(strings.Repeat("x", 1<<20-1000))}
	producer := c.Producer()
	for i, bad := range unreadable {
		msg := &sarama.ProducerMessage{Topic: "transactions", Value: bad.value}
		if i == 0 {
			msg.Key = sarama.StringEncoder("20001")
		}
		if bad.name != "1 MiB" {
			msg.Headers = []sarama.RecordHeader{header}
		}
		if _, _, err := producer.SendMessage(msg); err != nil {
			t.Fatalf("%s: %v", bad.name, err)
		}
	}
	c.ProduceValues("transactions", fmt.Sprintf(good, 1))
	r := kafkatest.StartRun(t, env(c), configure, run)
	r.WaitFor(`"id_sequencia":1`)
	kafkatest.Eventually(t, "all committed", func() bool {
		return c.Committed("cg-group-id", "transactions", 0) == int64(len(unreadable)+1)
	})
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	r.WaitFor(fmt.Sprintf("resumo: 1 lidas · %d ignoradas", len(unreadable)))

	letters := c.ReadAll("transactions.dlq")
	if len(letters) != len(unreadable) {
		t.Fatalf("%d dead letters, want %d", len(letters), len(unreadable))
	}
	sources := c.ReadAll("transactions")
	for i, letter := range letters {
		headers := map[string]string{}
		for _, h := range letter.Headers {
			headers[string(h.Key)] = string(h.Value)
		}
		if got := headers["dlq.reason"]; got != unreadable[i].reason {
			t.Errorf("%s: reason %q, want %q", unreadable[i].name, got, unreadable[i].reason)
		}
		if string(letter.Value) != string(sources[i].Value) || (letter.Value == nil) != (sources[i].Value == nil) ||
			string(letter.Key) != string(sources[i].Key) {
			t.Errorf("%s: key or value is not the original's", unreadable[i].name)
		}
		if want := fmt.Sprint(i); headers["dlq.topic"] != "transactions" || headers["dlq.partition"] != "0" || headers["dlq.offset"] != want ||
			headers["dlq.attempt"] != "1" || headers["dlq.service"] == "" || headers["dlq.at"] == "" || headers["dlq.timestamp"] == "" {
			t.Errorf("%s: headers %v", unreadable[i].name, headers)
		}
		if len(headers["dlq.error"]) > 1024 || headers["dlq.error"] == "" {
			t.Errorf("%s: dlq.error has %d bytes", unreadable[i].name, len(headers["dlq.error"]))
		}
		if len(sources[i].Headers) > 0 && string(letter.Headers[0].Key) != "trace" {
			t.Errorf("%s: the original's headers do not come first", unreadable[i].name)
		}
	}
}

// Without a place for it an unreadable message stays: the offset is not passed.
func TestNoDeadLettersStopsAtTheMessage(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1")
	c.ProduceValues("transactions", fmt.Sprintf(good, 1), "rubbish", fmt.Sprintf(good, 2))
	r := kafkatest.StartRun(t, env(c, "DEAD_LETTER_TOPIC", "none"), configure, run)
	err := r.Wait()
	if err == nil || !strings.Contains(err.Error(), "offset 1") || !strings.Contains(err.Error(), "DEAD_LETTER_TOPIC=none") {
		t.Errorf("error %v, want one that names offset 1 and DEAD_LETTER_TOPIC", err)
	}
	if got := c.Committed("cg-group-id", "transactions", 0); got != 1 {
		t.Errorf("committed offset %d, want 1", got)
	}
	if strings.Contains(r.Out.String(), `"id_sequencia":2`) {
		t.Error("a message behind the unreadable one was printed")
	}
}

// A letter that the broker refuses must not cost the message either: the consumer meets it again
// and again, and goes on once the topic takes it.
func TestRefusedDeadLetterDoesNotPassTheOffset(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	c.ProduceValues("transactions", fmt.Sprintf(good, 1), "rubbish", fmt.Sprintf(good, 2))
	refuse := c.RefuseProduce("transactions.dlq")
	r := kafkatest.StartRun(t, env(c), configure, run)
	kafkatest.Eventually(t, "the letter was refused twice", func() bool { return refuse.Hits() >= 2 })
	if got := c.Committed("cg-group-id", "transactions", 0); got != 1 {
		t.Errorf("committed offset %d, want 1: the dead letter behind it was refused", got)
	}
	if !strings.Contains(r.Out.String(), `"id_sequencia":1,`) {
		t.Error("a message is committed that is not on the screen yet")
	}
	refuse.Remove()
	r.WaitFor(`"id_sequencia":2,`)
	if got := len(c.ReadAll("transactions.dlq")); got != 1 {
		t.Errorf("%d dead letters, want 1", got)
	}
}

// Stops at any moment, one after the other: what was printed is committed, so that the next start
// prints none of it again; and none is left out.
func TestStopAtAnyMoment(t *testing.T) {
	t.Parallel()
	const seed, count = 7, 5000
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	producer := c.Producer()
	batch := make([]*sarama.ProducerMessage, count)
	for i := range batch {
		batch[i] = &sarama.ProducerMessage{Topic: "transactions", Value: sarama.StringEncoder(fmt.Sprintf(good, i+1))}
	}
	if err := producer.SendMessages(batch); err != nil {
		t.Fatal(err)
	}
	var printed []string
	starts := 0
	for ; len(printed) < count && starts < 100; starts++ {
		r := kafkatest.StartRun(t, env(c, "GROUP_INSTANCE_ID", "one"), configure, run)
		if starts%3 == 0 { // before the first message, most often
			time.Sleep(time.Duration(rng.Int64N(int64(100 * time.Millisecond))))
		} else {
			want := min(len(printed)+rng.IntN(500), count)
			kafkatest.Eventually(t, "some more are printed", func() bool {
				return len(printed)+strings.Count(r.Out.String(), "\n{") >= want
			})
		}
		if err := r.Stop(); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("start %d: %v", starts, err)
		}
		for _, line := range r.Out.Lines() {
			if strings.HasPrefix(line, "{") {
				printed = append(printed, line)
			}
		}
		if got := max(c.Committed("cg-group-id", "transactions", 0), 0); got != int64(len(printed)) {
			t.Fatalf("start %d: %d printed, %d committed", starts, len(printed), got)
		}
	}
	for i, line := range printed {
		if want := fmt.Sprintf(good, i+1); line != want {
			t.Fatalf("line %d is %s", i+1, line)
		}
	}
	if len(printed) != count {
		t.Errorf("%d printed, want %d", len(printed), count)
	}
	t.Logf("%d starts and stops", starts)
}

// The stop comes while a dead letter is under way and no broker answers: it does not wait for it, and
// says what it does not know.
func TestStopDuringADeadLetter(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	c.ProduceValues("transactions", "rubbish")
	hold := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "transactions.dlq", Err: kerr.NotLeaderForPartition, Count: -1})
	r := kafkatest.StartRun(t, env(c), configure, run)
	kafkatest.Eventually(t, "the letter was tried", func() bool { return hold.Hits() > 0 })
	if err := r.Stop(); !errors.Is(err, kafka.ErrUnknown) {
		t.Errorf("error %v, want an unknown outcome", err)
	}
}

// One of the bootstrap addresses is dead: whichever is asked first, reading and dead letters work.
func TestStartsWithABrokerDown(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	vars := env(c, "BOOTSTRAP_SERVERS", fmt.Sprintf("127.0.0.1:%d,%s", kafkatest.FreePort(t), c.ListenAddrs()[0]))
	for range 8 {
		c.ProduceValues("transactions", "rubbish")
		r := kafkatest.StartRun(t, vars, configure, run)
		r.WaitFor("enviada para transactions.dlq")
		if err := r.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeadLettersNeedAnotherTopic(t *testing.T) {
	for _, vars := range []map[string]string{
		{"TOPIC": "t", "DEAD_LETTER_TOPIC": "t"},
		{"TOPIC": strings.Repeat("x", 249)},
	} {
		e := service.EnvOf(vars)
		configure(e)
		if e.Err() == nil {
			t.Errorf("%v is accepted", vars)
		}
	}
}

func TestRebalanceIsTold(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:3", "transactions.dlq:1")
	first := kafkatest.StartRun(t, env(c), configure, run)
	first.WaitFor("partições recebidas: 0, 1, 2 (agora: 0, 1, 2)")
	second := kafkatest.StartRun(t, env(c), configure, run)
	second.WaitFor("partições recebidas: ")
	first.WaitFor("partições perdidas: ")
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	kafkatest.Eventually(t, "the first has all three again", func() bool {
		return strings.Count(first.Out.String(), "(agora: 0, 1, 2)") == 2
	})
}

func TestRebalanceWords(t *testing.T) {
	for _, c := range []struct {
		given, lost, held []int32
		want              string
	}{
		{[]int32{0, 1}, nil, []int32{0, 1}, "partições recebidas: 0, 1 (agora: 0, 1)"},
		{nil, []int32{2}, []int32{0, 1}, "partições perdidas: 2 (agora: 0, 1)"},
		{[]int32{2}, []int32{0, 1}, []int32{2}, "partições recebidas: 2 · partições perdidas: 0, 1 (agora: 2)"},
		{nil, []int32{0}, nil, "partições perdidas: 0 (agora: nenhuma)"},
		{nil, nil, []int32{1}, "partições mantidas: 1"},
		{nil, nil, nil, "partições mantidas: nenhuma"},
	} {
		if got := portuguese.rebalance(c.given, c.lost, c.held); got != c.want {
			t.Errorf("rebalance(%v, %v, %v) = %q, want %q", c.given, c.lost, c.held, got, c.want)
		}
	}
}

func TestEnglishLines(t *testing.T) {
	t.Parallel()
	c := kafkatest.Start(t, "transactions:1", "transactions.dlq:1")
	r := kafkatest.StartRun(t, env(c, "WORKSHOP_LANG", "en"), configure, run)
	r.WaitFor("partitions given: 0 (now: 0)")
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	r.WaitFor("summary: 0 read · 0 skipped")
}

// The fixture is what it says it is.
func TestGoodIsReadable(t *testing.T) {
	if _, err := event.DecodeTransaction(fmt.Appendf(nil, good, 1)); err != nil || !json.Valid(fmt.Appendf(nil, good, 1)) {
		t.Fatal(err)
	}
}
