package emailneworder

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

const group = "EmailNewOrderService"

func TestOrderBecomesAnEmailCommand(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	r := kafkatest.StartRun(t, s.Env(), configure, run)
	way := s.Send(event.NewOrderTopic, "ana@loja.example", streamtest.Order(t, "o-1", "4500.00", "ana@loja.example"))
	s.AwaitHandled(group, event.NewOrderTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	commands := s.Messages(event.SendEmailTopic)
	if len(commands) != 1 {
		t.Fatalf("%d commands, want 1", len(commands))
	}
	got := commands[0]
	if text, err := got.Text(); err != nil || text != "Thank you for your order! We are processing your order!" {
		t.Errorf("text %q, %v", text, err)
	}
	if key := string(got.Record.Key); key != "ana@loja.example" {
		t.Errorf("key %q", key)
	}
	if id := (stream.Received{Record: got.Record}).Header("idempotency-key"); id != "o-1" {
		t.Errorf("idempotency key %q, want the order's id", id)
	}
	var titles []string
	for _, hop := range got.CorrelationID.Hops() {
		titles = append(titles, hop.Title)
	}
	want := []string{"Test", "_ECOMMERCE_NEW_ORDER", "EmailNewOrderService", "_ECOMMERCE_SEND_EMAIL"}
	if !slices.Equal(titles, want) || !strings.HasPrefix(string(got.CorrelationID), string(way)+"-") {
		t.Errorf("way %s, want %s continued to %v", got.CorrelationID, way, want)
	}
	if want := "Processing new order, preparing email\n{\"type\":\"br.com.alura.ecommerce.Order\""; !strings.Contains(r.Out.String(), want) {
		t.Errorf("output has no %q", want)
	}
}

// An order by the Java gateway's address without a uuid has no id. Two of them are two orders, and the
// commands' keys are their records'.
func TestOrderWithoutID(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	java := streamtest.JavaOrderWithoutID(t)
	r := kafkatest.StartRun(t, s.Env(), configure, run)
	s.SendValue(event.NewOrderTopic, "ana@exemplo.com.br", java)
	s.SendValue(event.NewOrderTopic, "ana@exemplo.com.br", java)
	s.AwaitHandled(group, event.NewOrderTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, msg := range s.Messages(event.NewOrderTopic) {
		want[fmt.Sprintf("ECOMMERCE_NEW_ORDER/%d/%d %s", msg.Record.Partition, msg.Record.Offset, msg.CorrelationID)] = true
	}
	got := map[string]bool{}
	for _, command := range s.Messages(event.SendEmailTopic) {
		got[(stream.Received{Record: command.Record}).Header(stream.IdempotencyKey)] = true
	}
	if letters := s.Letters(); !maps.Equal(got, want) || len(letters) > 0 {
		t.Errorf("keys %v, want %v; dead letters: %v", got, want, letters)
	}
}

// The command cannot be sent: the order waits for its turn, and is no dead letter.
func TestRefusedCommandIsSentLater(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	refuse := s.RefuseProduce(event.SendEmailTopic)
	r := kafkatest.StartRun(t, s.Env(), configure, run)
	s.Send(event.NewOrderTopic, "k", streamtest.Order(t, "o-1", "1", "ana@loja.example"))
	kafkatest.Eventually(t, "the command was refused", func() bool { return refuse.Hits() > 0 })
	r.WaitFor("parado em ECOMMERCE_NEW_ORDER")
	refuse.Remove()
	s.AwaitHandled(group, event.NewOrderTopic)
	if got, letters := len(s.Messages(event.SendEmailTopic)), s.Letters(); got != 1 || len(letters) > 0 {
		t.Errorf("%d commands, want 1; dead letters: %v", got, letters)
	}
}

// One of five commands that go together cannot be sent, as it is larger than its topic allows: the orders before it are passed, it and
// those behind it come again, and none is left out.
func TestRefusedCommandAmongOthers(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	s.LimitMessages(event.SendEmailTopic, 8<<10)
	const orders, large = 5, 2
	for n := range orders {
		way := "Test(1)"
		if n == large {
			way = "Test(" + strings.Repeat("1", 10<<10) + ")"
		}
		s.SendValue(event.NewOrderTopic, "k", fmt.Sprintf(
			`{"type":"Order","payload":{"orderId":"o-%d","amount":1,"email":"ana@loja.example"},"correlationId":{"id":%q}}`, n, way))
	}
	r := kafkatest.StartRun(t, s.Env(), configure, run)
	partition := s.ReadAll(event.NewOrderTopic)[0].Partition
	r.WaitFor(fmt.Sprintf("parado em ECOMMERCE_NEW_ORDER, partição %d, offset %d: ", partition, large))
	kafkatest.Eventually(t, "those before it are passed", func() bool { return s.Committed(group, event.NewOrderTopic, partition) == large })
	kafkatest.Eventually(t, "it was tried again", func() bool { return strings.Count(r.Out.String(), "parado em") >= 2 })
	if got := s.Committed(group, event.NewOrderTopic, partition); got != large {
		t.Errorf("committed offset %d, want %d", got, large)
	}
	s.LimitMessages(event.SendEmailTopic, 1<<20)
	s.AwaitHandled(group, event.NewOrderTopic)
	sent := map[string]int{}
	for _, command := range s.Messages(event.SendEmailTopic) {
		sent[(stream.Received{Record: command.Record}).Header(stream.IdempotencyKey)]++
	}
	for n := range orders {
		if got := sent[fmt.Sprintf("o-%d", n)]; got == 0 || n < large && got > 1 {
			t.Errorf("order %d has %d commands; want one, or more behind the one that failed", n, got)
		}
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	streamtest.PoisonBecomesLetters(t, s, event.NewOrderTopic, group, s.Env(), configure, run)
}
