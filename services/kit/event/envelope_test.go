package event

import (
	"strings"
	"testing"
)

const (
	u1 = "0f8c7a52-1b7e-4d3c-9a55-2f1f0e6d4c01"
	u2 = "5c2e9d10-77aa-4e0b-8c3d-91b2a4f6e802"

	way     = CorrelationID("NewOrder(" + u1 + ")")
	wayJava = CorrelationID("NewOrderMain(" + u1 + ")-_ECOMMERCE_NEW_ORDER(" + u2 + ")")
)

func mustAmount(tb testing.TB, text string) Amount {
	tb.Helper()
	a, err := ParseAmount(text)
	if err != nil {
		tb.Fatalf("amount %s: %v", text, err)
	}
	return a
}

// same compares what == cannot: a decimal has a pointer inside.
func same(a, b Order) bool {
	return a.ID == b.ID && a.Email == b.Email && a.Amount.String() == b.Amount.String() && a.Amount.Equal(b.Amount.Decimal)
}

// What we send is in *.json, and -update writes it. The *_java.json files are as Gson writes them in the
// Java programs: escapes of HTML, members of a later version, no orderId where the address had no uuid. The
// *_short.json files are as earlier versions of ours wrote them. Both are input alone.
func TestGoldenEnvelopes(t *testing.T) {
	order := Order{ID: "48213", Amount: mustAmount(t, "4499.90"), Email: "ana+livros@exemplo.com.br"}
	for _, c := range []struct {
		file    string
		way     CorrelationID
		payload any
	}{
		{"envelope_order.json", way.SentTo(NewOrderTopic), order},
		{"envelope_user.json", way, User{UUID: u2}},
		{"envelope_string.json", way, "Thank you for your order! We are processing your order!"},
	} {
		value, err := EncodeEnvelope(c.payload, CorrelationID(masked(c.way)))
		if err != nil {
			t.Fatal(err)
		}
		mustMatchGolden(t, c.file, value)
	}
	for _, c := range []struct {
		file string
		way  CorrelationID
		want any
	}{
		{"envelope_order.json", "NewOrder(" + u1 + ")-_ECOMMERCE_NEW_ORDER(" + u2 + ")", order},
		{"envelope_user.json", way, User{UUID: u2}},
		{"envelope_string.json", way, "Thank you for your order! We are processing your order!"},
		{"envelope_order_java.json", wayJava, Order{ID: "a=b&c<d>'e'", Amount: mustAmount(t, "153"), Email: "ana=1@exemplo.com.br"}},
		{"envelope_order_short.json", way, order},
		{"envelope_order_without_id_java.json", wayJava, Order{Amount: mustAmount(t, "3421.40"), Email: "ana@exemplo.com.br"}},
		{
			"envelope_order_inner_java.json",
			wayJava,
			Order{ID: "7", Amount: mustAmount(t, "3621.0873234234239164483733475208282470703125"), Email: "r@exemplo.com.br"},
		},
		{"envelope_user_java.json", wayJava, User{UUID: u2}},
		{"envelope_string_java.json", wayJava, "Thank you for your order! <b>R$ 10 & more</b> = 'fine'"},
	} {
		e, err := DecodeEnvelope(mustReadGolden(t, c.file))
		if err != nil || e.CorrelationID != c.way {
			t.Errorf("%s: got the way %s, %v, want %s", c.file, e.CorrelationID, err, c.way)
		}
		checkPayload(t, c.file, e, c.want)
	}
}

// masked replaces the uuid of the last hop, which is new each time.
func masked(id CorrelationID) string {
	hops := id.Hops()
	return strings.Replace(string(id), hops[len(hops)-1].ID, map[bool]string{true: u2, false: u1}[len(hops) > 1], 1)
}

// checkPayload reads the payload as what is wanted, and as the others, which all refuse it.
func checkPayload(t *testing.T, name string, e Envelope, want any) {
	t.Helper()
	order, orderErr := e.Order()
	user, userErr := e.User()
	text, textErr := e.Text()
	_, letterErr := e.DeadLetter()
	if isA[string](want) { // a letter is a string too
		checkMalformed(t, name+" as a dead letter", letterErr, ReasonNotJSON, "")
	} else {
		checkMalformed(t, name+" as a dead letter", letterErr, ReasonWrongType, "type")
	}
	for _, c := range []struct {
		is   bool
		ok   bool
		err  error
		what string
	}{
		{isA[Order](want), isA[Order](want) && same(order, want.(Order)), orderErr, "order"},
		{isA[User](want), any(user) == want, userErr, "user"},
		{isA[string](want), any(text) == want, textErr, "string"},
	} {
		if c.is && (!c.ok || c.err != nil) {
			t.Errorf("%s: got %v, %v, %q, %v, want the %s %v", name, order, user, text, c.err, c.what, want)
		}
		if !c.is {
			checkMalformed(t, name+" as "+c.what, c.err, ReasonWrongType, "type")
		}
	}
}

// An order that came without an id goes on without one, as from the Java programs.
func TestOrderWithoutID(t *testing.T) {
	value, err := EncodeEnvelope(Order{Amount: mustAmount(t, "3421.40"), Email: "ana@exemplo.com.br"}, wayJava)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(value) + "\n"; got != string(mustReadGolden(t, "envelope_order_without_id_java.json")) {
		t.Errorf("got %s, want what Gson writes", got)
	}
	e, err := DecodeEnvelope([]byte(`{"type":"Order","payload":{"orderId":null,"amount":1,"email":"a"},"correlationId":{"id":"x"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if o, err := e.Order(); err != nil || o.ID != "" {
		t.Errorf("null: got %+v, %v, want an order without an id", o, err)
	}
}

func isA[T any](v any) bool { _, ok := v.(T); return ok }

func TestEncodeEnvelopeRefuses(t *testing.T) {
	for _, payload := range []any{nil, 5, []byte("x"), &Order{}, fullTransaction} {
		if value, err := EncodeEnvelope(payload, way); err == nil {
			t.Errorf("a payload of %T: got %s, want an error", payload, value)
		}
	}
}

func TestDecodeEnvelopeRefuses(t *testing.T) {
	for _, c := range unreadable {
		_, err := DecodeEnvelope(c.value)
		checkMalformed(t, c.name, err, c.reason, "")
	}
	message := mustReadGolden(t, "envelope_order_java.json")
	for _, e := range []edit{
		{`"type"`, `"Type"`, ReasonMissingField, "type"},
		{`"payload"`, `"body"`, ReasonMissingField, "payload"},
		{`"correlationId"`, `"correlationid"`, ReasonMissingField, "correlationId"},
		{`{"id":`, `{"ID":`, ReasonMissingField, "correlationId.id"},
		{`"br.com.alura.ecommerce.Order"`, `null`, ReasonWrongType, "type"},
		{`"br.com.alura.ecommerce.Order"`, `7`, ReasonWrongType, "type"},
		{`{"id":"NewOrderMain`, `null,"x":{"id":"NewOrderMain`, ReasonWrongType, "correlationId"},
		{`{"id":"NewOrderMain`, `"plain","x":{"id":"NewOrderMain`, ReasonWrongType, "correlationId"},
		{`{"id":"NewOrderMain`, `{"id":7,"x":"NewOrderMain`, ReasonWrongType, "correlationId.id"},
		{`"payload":{`, `"payload":null,"x":{`, ReasonWrongType, "payload"},
		{`}}`, `}`, ReasonNotJSON, ""},
		{`exemplo`, "\xe3", ReasonNotUTF8, ""},
	} {
		got, err := DecodeEnvelope(e.value(t, message))
		name := e.old + " to " + e.new
		checkMalformed(t, name, err, e.reason, e.field)
		if got.Type != "" || got.Payload != nil || got.CorrelationID != "" {
			t.Errorf("%s: got %+v, want a zero envelope beside the error", name, got)
		}
	}
}

func TestPayloadsRefused(t *testing.T) {
	long := strings.Repeat("x", 321)
	for _, c := range []struct {
		typ, payload, reason, field string
	}{
		{"Order", `[]`, ReasonWrongType, "payload"},
		{"Order", `"text"`, ReasonWrongType, "payload"},
		{"Order", `{}`, ReasonMissingField, "payload.amount"},
		{"Order", `{"orderId":"1","email":"a"}`, ReasonMissingField, "payload.amount"},
		{"Order", `{"orderId":"1","amount":1}`, ReasonMissingField, "payload.email"},
		{"Order", `{"orderId":1,"amount":1,"email":"a"}`, ReasonWrongType, "payload.orderId"},
		{"Order", `{"orderId":"1","amount":"1","email":"a"}`, ReasonWrongType, "payload.amount"},
		{"Order", `{"orderId":"1","amount":null,"email":"a"}`, ReasonWrongType, "payload.amount"},
		{"Order", `{"orderId":"1","amount":1,"email":null}`, ReasonWrongType, "payload.email"},
		{"Order", `{"orderId":"","amount":1,"email":"a"}`, ReasonInvalidValue, "payload.orderId"},
		{"Order", `{"orderId":"` + long + `","amount":1,"email":"a"}`, ReasonInvalidValue, "payload.orderId"},
		{"Order", `{"orderId":"1","amount":1e999999999,"email":"a"}`, ReasonInvalidValue, "payload.amount"},
		{"Order", `{"orderId":"1","amount":` + strings.Repeat("9", 1<<20) + `,"email":"a"}`, ReasonInvalidValue, "payload.amount"},
		{"Order", `{"orderId":"1","amount":1,"email":""}`, ReasonInvalidValue, "payload.email"},
		{"Order", `{"orderId":"1","amount":1,"email":"` + long + `"}`, ReasonInvalidValue, "payload.email"},
		{"Orders", `{"orderId":"1","amount":1,"email":"a"}`, ReasonWrongType, "type"},
		{"br.com.Order.", `{"orderId":"1","amount":1,"email":"a"}`, ReasonWrongType, "type"},
		{"order", `{"orderId":"1","amount":1,"email":"a"}`, ReasonWrongType, "type"},
		{"User", `{}`, ReasonMissingField, "payload.uuid"},
		{"User", `{"uuid":7}`, ReasonWrongType, "payload.uuid"},
		{"User", `{"uuid":""}`, ReasonInvalidValue, "payload.uuid"},
		{"User", `{"uuid":"../../etc/passwd"}`, ReasonInvalidValue, "payload.uuid"},
		{"User", `{"uuid":"a/../b"}`, ReasonInvalidValue, "payload.uuid"},
		{"User", `{"uuid":"a\u0000b"}`, ReasonInvalidValue, "payload.uuid"},
		{"User", `{"uuid":"` + long[:65] + `"}`, ReasonInvalidValue, "payload.uuid"},
		{"String", `{"text":"x"}`, ReasonWrongType, "payload"},
		{"String", `7`, ReasonWrongType, "payload"},
	} {
		e, err := DecodeEnvelope([]byte(`{"type":"` + c.typ + `","payload":` + c.payload + `,"correlationId":{"id":"x"}}`))
		if err != nil {
			t.Errorf("%s %.60s: %v", c.typ, c.payload, err)
			continue
		}
		switch c.typ {
		case "User":
			_, err = e.User()
		case "String":
			_, err = e.Text()
		default:
			_, err = e.Order()
		}
		checkMalformed(t, c.typ+" "+c.payload[:min(60, len(c.payload))], err, c.reason, c.field)
	}
}

func FuzzDecodeEnvelope(f *testing.F) {
	for _, file := range []string{
		"envelope_order.json",
		"envelope_order_java.json",
		"envelope_user_java.json",
		"envelope_string_java.json",
		"envelope_dead_letter.json",
		"envelope_dead_letter_short.json",
		"envelope_order_without_id_java.json",
	} {
		f.Add(mustReadGolden(f, file))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		e, err := DecodeEnvelope(value)
		if err != nil {
			checkMalformed(t, "decode", err, err.(*Malformed).Reason, "")
			return
		}
		var payload any
		if order, err := e.Order(); err == nil {
			payload = order
		} else if user, err := e.User(); err == nil {
			payload = user
		} else if text, err := e.Text(); err == nil {
			payload = text
		} else if letter, err := e.DeadLetter(); err == nil {
			payload = letter
		} else {
			return
		}
		// What was accepted is sent on: it has to be accepted again, and mean the same.
		first, err := EncodeEnvelope(payload, e.CorrelationID)
		if err != nil {
			t.Fatalf("encode %+v: %v", payload, err)
		}
		again, err := DecodeEnvelope(first)
		if err != nil || again.CorrelationID != e.CorrelationID || again.Type != e.Type && e.Type != TypeDeadLetter {
			t.Fatalf("got %+v, %v from %s", again, err, first)
		}
		if order, ok := payload.(Order); ok {
			if got, err := again.Order(); err != nil || !same(got, order) {
				t.Errorf("got %+v, %v, want %+v", got, err, order)
			}
		}
	})
}
