//go:build brokers

package acceptance

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/history"
)

// faultsSample is a small run without a flaw, whose evidence can be damaged.
type faultsSample struct {
	t        testing.TB
	evidence *evidence
	topics   map[string][]*sarama.ConsumerMessage
	screens  map[string][]string
	accounts []shoptest.Account
	mails    []shoptest.Mail
}

const (
	sampleCount      = 30              // acknowledged messages
	sampleUnanswered = sampleCount + 1 // the number of the one that has no answer
	sampleKeys       = 3
	sampleGoals      = 10
)

func newFaultsSample(t testing.TB) *faultsSample {
	t.Helper()
	s := &faultsSample{t: t, topics: map[string][]*sarama.ConsumerMessage{}, screens: map[string][]string{}, evidence: &evidence{
		Transactions: "transactions", Scores: "scoreGame", Board: "scoreBoard", dir: t.TempDir(),
		Producers: []string{"producer.history"}, Simulators: []string{"simulator.history"}, Consumers: []string{"consumer.1.out"},
		Boards: map[string][]string{},
	}}
	s.sendTransactions()
	s.play()
	s.shop()
	return s
}

func (s *faultsSample) record(name string) *history.Recorder {
	s.t.Helper()
	r, err := history.Open(s.evidence.path(name), name, func(err error) { s.t.Error(err) })
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { r.Close() })
	return r
}

// add puts a record at a topic's end and returns its offset.
func (s *faultsSample) add(topic, key, value string) int64 {
	offset := int64(len(s.topics[topic]))
	s.topics[topic] = append(s.topics[topic], &sarama.ConsumerMessage{Topic: topic, Offset: offset, Key: []byte(key), Value: []byte(value)})
	return offset
}

// swap exchanges what two places hold.
func (s *faultsSample) swap(topic string, i, j int) {
	a, b := *s.topics[topic][i], *s.topics[topic][j]
	a.Offset, b.Offset = b.Offset, a.Offset
	s.topics[topic][i], s.topics[topic][j] = &b, &a
}

func (s *faultsSample) print(screen string, line string) {
	s.screens[screen] = append(s.screens[screen], line)
}

func sampleKey(n int) string { return fmt.Sprintf("k%d", n%sampleKeys) }

func sampleTransaction(n int, key string) string {
	return fmt.Sprintf(`{"id_sequencia":%d,"id_usuario":%q,"id_transacao":"00000000-0000-4000-8000-%012d","id_produto":"12345","endereco":"a | b | BR",`+
		`"cadastro_em":"2026-01-02 03:04:05","id_plataforma":"Mobile","mensagem":"transacao feita pelo usuario","valor_centavos":100,"moeda":"BRL","tipo":"PIX"}`, n, key, n)
}

func (s *faultsSample) sendTransactions() {
	told := s.record("producer.history")
	about := func(n int) history.Subject {
		return history.Subject{Stream: sampleKey(n), Number: n, Topic: "transactions", Partition: history.None, Offset: history.None}
	}
	for n := 1; n <= sampleCount; n++ {
		value := sampleTransaction(n, sampleKey(n))
		told.Begin(history.Send, about(n)).Stored(0, s.add("transactions", sampleKey(n), value))
		s.print("consumer.1.out", value)
	}
	told.Begin(history.Send, about(sampleUnanswered))
}

// arrive puts a message that was sent into the topic, and before the consumer.
func (s *faultsSample) arrive(n int) {
	s.add("transactions", sampleKey(n), sampleTransaction(n, sampleKey(n)))
	s.print("consumer.1.out", sampleTransaction(n, sampleKey(n)))
}

// sampleBoard is the board's record of a goal, with a tally of so many.
func sampleBoard(id, tally int) string {
	return fmt.Sprintf(`{"id":%d,"match":"m","event":"goal","score":{"TeamA":%d,"TeamB":0},"tally":{"TeamA":%d,"TeamB":0},"source":{"partition":0,"offset":%d}}`, id, id, tally, id-1)
}

func (s *faultsSample) play() {
	told := s.record("simulator.history")
	for _, delivery := range deliveries {
		screen := delivery + ".1.out"
		s.evidence.Boards[delivery] = []string{screen}
		s.screens[screen] = []string{"Aguardando eventos...", "partida m", "TeamA      TeamB"}
	}
	for id := 1; id <= sampleGoals; id++ {
		value := fmt.Sprintf(`{"id":%d,"event":"goal","team":"TeamA","period":1,"score":{"TeamA":%d,"TeamB":0},"timestamp":1.5,"match":"m"}`, id,
			id)
		step := told.Begin(history.Send, history.Subject{
			Stream:    "m",
			Number:    id,
			Topic:     "scoreGame",
			Partition: history.None,
			Offset:    history.None,
		})
		step.Stored(0, s.add("scoreGame", "m", value))
		s.add("scoreBoard", "m", sampleBoard(id, id))
		for _, delivery := range deliveries {
			s.print(delivery+".1.out", fmt.Sprintf("%d - 0", id))
		}
	}
	s.evidence.Committed = sampleGoals
}

// order is a record of NEW_ORDER, from an acceptance.
func (s *faultsSample) order(i int, acceptance string) string {
	o := s.accounts[i].Order
	return fmt.Sprintf(`{"type":"br.com.alura.ecommerce.Order","payload":{"orderId":%q,"amount":%s,"email":%q},"correlationId":{"id":"NewOrder(%s)-_ECOMMERCE_NEW_ORDER(2)"}}`,
		o.ID, o.Amount, o.Email, acceptance)
}

func (s *faultsSample) shop() {
	for i, o := range shoptest.Plan(8, 1) {
		s.accounts = append(s.accounts, shoptest.Account{Order: o, New: 1, Old: 2, Tries: 3})
		value := s.order(i, fmt.Sprint(i))
		s.add(orderPrefix+event.NewOrderTopic, o.Email, value)
		decision := event.OrderApprovedTopic
		if o.Amount.IntPart() >= 4500 {
			decision = event.OrderRejectedTopic
		}
		s.add(orderPrefix+decision, o.Email, value)
		s.mails = append(s.mails, shoptest.Mail{To: o.Email, MessageID: fmt.Sprint(i)})
	}
	s.evidence.Reports = len(s.accounts)
}

// write makes the files of what the programs have shown.
func (s *faultsSample) write() {
	s.t.Helper()
	for name, lines := range s.screens {
		if err := os.WriteFile(s.evidence.path(name), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := s.evidence.testify(s.accounts, s.mails); err != nil {
		s.t.Fatal(err)
	}
}

// dump makes a file of the topics, for the judge in Python.
func (s *faultsSample) dump() string {
	s.t.Helper()
	var text strings.Builder
	for topic, records := range s.topics {
		for _, r := range records {
			line, err := json.Marshal(map[string]any{
				"topic":     topic,
				"partition": r.Partition,
				"offset":    r.Offset,
				"key":       string(r.Key),
				"value":     string(r.Value),
			})
			if err != nil {
				s.t.Fatal(err)
			}
			text.Write(append(line, '\n'))
		}
	}
	if err := os.WriteFile(s.evidence.path("topics"), []byte(text.String()), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return s.evidence.path("topics")
}
