package neworder

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/fold"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
)

// order runs the command and returns its exit code and outputs.
func order(ctx context.Context, vars map[string]string, args ...string) (code int, stdout, stderr *kafkatest.Output) {
	stdout, stderr = &kafkatest.Output{}, &kafkatest.Output{}
	c := &command{stdout: stdout, stderr: stderr, lookup: func(name string) (string, bool) { v, ok := vars[name]; return v, ok }}
	return c.run(ctx, args), stdout, stderr
}

func TestTenOrders(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	code, out, errs := order(t.Context(), nil, "--bootstrap-servers", s.Bootstrap(), "--seed", "7")
	if code != 0 || errs.String() != "" {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	msgs := s.Messages(event.NewOrderTopic)
	ids, keys := map[string]bool{}, map[string]bool{}
	for _, msg := range msgs {
		o, err := msg.Order()
		if err != nil {
			t.Fatal(err)
		}
		if string(msg.Record.Key) != o.Email {
			t.Errorf("key %q, want the address", msg.Record.Key)
		}
		if !regexp.MustCompile(`^\d{1,4}\.\d\d$`).MatchString(o.Amount.String()) {
			t.Errorf("amount %s, want two decimals", o.Amount)
		}
		if hops := msg.CorrelationID.Hops(); len(hops) != 2 || hops[0].Title != "NewOrder" || hops[1].Title != "_ECOMMERCE_NEW_ORDER" {
			t.Errorf("way %s", msg.CorrelationID)
		}
		if line := fmt.Sprintf("pedido %s de %s: %s: enviado\n", o.ID, lines.Money(service.Portuguese, o.Amount.Decimal),
			o.Email); !strings.Contains(out.String(), line) {
			t.Errorf("output has no %q", line)
		}
		ids[o.ID], keys[o.Email] = true, true
	}
	if n := len(regexp.MustCompile(`pedido \S+ de (\d\.)?\d{1,3},\d\d: `).FindAllString(out.String(), -1)); n != 10 {
		t.Errorf("%d lines have an amount as 1.234,50, want 10:\n%s", n, out)
	}
	if len(ids) != 10 || len(keys) != 1 {
		t.Errorf("%d orders of %d customers, want 10 of 1", len(ids), len(keys))
	}
	if !strings.Contains(out.String(), "semente 7\n") || !strings.Contains(out.String(),
		"resumo: 10 confirmados · 0 recusados · 0 sem resposta") {
		t.Errorf("output:\n%s", out)
	}
}

func TestManyOrders(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	vars := map[string]string{"BOOTSTRAP_SERVERS": s.Bootstrap(), "WORKSHOP_LANG": "en"}
	code, out, errs := order(t.Context(), vars, "--orders", "2000", "--users", "50", "--rate", "4000")
	if code != 0 || !strings.Contains(out.String(), "summary: 2000 confirmed") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	if lines := len(out.Lines()); lines != 2 {
		t.Errorf("%d lines, want the seed and the summary", lines)
	}
	ids, keys := map[string]bool{}, map[string]bool{}
	for _, msg := range s.Messages(event.NewOrderTopic) {
		o, err := msg.Order()
		if err != nil {
			t.Fatal(err)
		}
		ids[o.ID], keys[o.Email] = true, true
	}
	if len(ids) != 2000 || len(keys) != 50 {
		t.Errorf("%d orders of %d customers, want 2000 of 50", len(ids), len(keys))
	}
}

func TestAmountsOfASeed(t *testing.T) {
	first, second := newOrders(plan{users: 3, seed: 5}), newOrders(plan{users: 3, seed: 5})
	for range 10_000 {
		a, b := first.next(), second.next()
		if a.Amount.String() != b.Amount.String() || a.Email != b.Email || a.ID == b.ID {
			t.Fatalf("orders %v and %v: want one amount and address, and two ids", a, b)
		}
		if f := a.Amount.InexactFloat64(); f < 1 || f > 5001 || a.Amount.Exponent() != -2 {
			t.Fatalf("amount %s, want 1.00 to 5001.00", a.Amount)
		}
	}
}

func TestRefusedOrdersAreCounted(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	s.RefuseProduce(event.NewOrderTopic)
	code, out, errs := order(t.Context(), nil, "--bootstrap-servers", s.Bootstrap(), "--orders", "3")
	if code != 1 || !strings.Contains(out.String(),
		"resumo: 0 confirmados · 3 recusados · 0 sem resposta") || !strings.Contains(errs.String(), "not every order was confirmed") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		kafkatest.Eventually(t, "five orders are there", func() bool { return len(s.ReadAll(event.NewOrderTopic)) >= 5 })
		stop()
	}()
	code, out, _ := order(ctx, nil, "--bootstrap-servers", s.Bootstrap(), "--orders", "100000", "--rate", "20")
	n := len(s.ReadAll(event.NewOrderTopic))
	want := fmt.Sprintf("interrompido: %d de 100000 pedidos iniciados\nresumo: %d confirmados · 0 recusados · 0 sem resposta", n, n)
	if code != 0 || !strings.Contains(out.String(), want) {
		t.Errorf("exit code %d, want 0 and %q\n%s", code, want, out)
	}
}

// Nobody there: it waits and says so, and a stop says that nothing was sent.
func TestStopWhileNoBrokerAnswers(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	code, out, _ := order(ctx, nil, "--bootstrap-servers", "127.0.0.1:1")
	if code != 0 || !strings.Contains(out.String(), "resumo: 0 confirmados") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{
		{"--orders", "0"}, {"--orders", "x"}, {"--users", "0"}, {"--rate", "-1"}, {"--rate", "NaN"}, {"--nonsense"}, {"ten"},
		{"--bootstrap-servers", "nowhere"},
	} {
		if code, _, errs := order(t.Context(), nil, args...); code != 2 || errs.String() == "" {
			t.Errorf("%v: exit code %d, want 2 and a reason\n%s", args, code, errs)
		}
	}
	code, out, _ := order(t.Context(), nil, "--help")
	if code != 0 || !strings.Contains(out.String(), "Examples:") {
		t.Errorf("--help: exit code %d\n%s", code, out)
	}
}

// The help is folded to the terminal, as that of the services is.
func TestHelpFits(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		_, out, _ := order(t.Context(), map[string]string{"COLUMNS": fmt.Sprint(width)}, "--help")
		for line := range strings.Lines(out.String()) {
			if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("COLUMNS=%d: a line of %d: %s", width, n, line)
			}
		}
	}
}
