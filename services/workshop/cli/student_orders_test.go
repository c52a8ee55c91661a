package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/IBM/sarama"
	"github.com/shopspring/decimal"

	"workshop.example/kit/event"
)

// orderBook is what a reader of orders remembers, in the file STATE_DIR/orders, and what it has not sent yet.
type orderBook struct {
	known   map[string]bool
	pending []*sarama.ProducerMessage
}

func (b *orderBook) file() string { return filepath.Join(os.Getenv("STATE_DIR"), "orders") }

func (b *orderBook) open(s *studentProgram) {
	if s.has("ram") {
		return
	}
	text, _ := os.ReadFile(b.file())
	for _, id := range strings.Fields(string(text)) {
		b.known[id] = true
	}
}

func (b *orderBook) remember(id string) error {
	b.known[id] = true
	file, err := os.OpenFile(b.file(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintln(file, id)
	return err
}

// takeOrder does with an order what the words say, in their order: handle or decide, remember, crash, commit. With know it leaves out
// what it remembers.
func (s *studentProgram) takeOrder(session sarama.ConsumerGroupSession, msg *sarama.ConsumerMessage) error {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		return err
	}
	o, err := envelope.Order()
	if err != nil {
		return err
	}
	known := s.has("know") && s.orders.known[o.ID]
	for _, word := range s.words {
		switch {
		case word == "handle" && !known:
			fmt.Fprintln(s.out, s.orderLine(o))
		case word == "decide" && !known:
			err = s.sendDecision(o, envelope)
		case word == "remember" && !known:
			err = s.orders.remember(o.ID)
		case word == "crash" && o.ID == fmt.Sprint("pedido-", s.failAt):
			os.Exit(137)
		case word == "commit":
			session.MarkMessage(msg, "")
			session.Commit()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *studentProgram) orderLine(o event.Order) string {
	if s.has("talkative") {
		return "tratado: " + o.ID
	}
	return o.ID + " " + o.Amount.String()
}

func (s *studentProgram) sendDecision(o event.Order, envelope event.Envelope) error {
	limit := decimal.NewFromInt(4500)
	fraud := o.Amount.GreaterThanOrEqual(limit)
	if s.has("above") {
		fraud = o.Amount.GreaterThan(limit)
	}
	topic := event.OrderApprovedTopic
	if fraud {
		topic = event.OrderRejectedTopic
	}
	value, err := event.EncodeEnvelope(o, envelope.CorrelationID.ContinueWith("Detector").SentTo(topic))
	if s.has("bare") {
		value = envelope.Payload
	}
	if err != nil {
		return err
	}
	s.orders.pending = append(s.orders.pending, &sarama.ProducerMessage{
		Topic: os.Getenv("TOPIC_PREFIX") + topic, Key: sarama.StringEncoder(o.Email), Value: sarama.ByteEncoder(value),
	})
	if s.has("lazy") && len(s.orders.pending) < 10 {
		return nil
	}
	defer func() { s.orders.pending = nil }()
	return s.once.SendMessages(s.orders.pending)
}
