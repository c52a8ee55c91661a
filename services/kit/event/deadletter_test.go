package event

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func letterOf(value []byte) DeadLetter {
	key := "ana@exemplo.com.br"
	d := DeadLetter{
		Topic: NewOrderTopic, Partition: 2, Offset: 4711, Key: &key, Service: "fraud-detector", Reason: ReasonMissingField,
		Error: `field "payload.amount" is missing`, Attempt: 1, At: "2026-07-13T10:26:40.5Z",
	}
	d.Put(value)
	return d
}

// through sends a letter as its service does, and reads it as whoever gets it.
func through(t *testing.T, d DeadLetter) (DeadLetter, []byte) {
	t.Helper()
	value, err := EncodeEnvelope(d, wayJava)
	if err != nil {
		t.Fatal(err)
	}
	e, err := DecodeEnvelope(value)
	if err != nil {
		t.Fatalf("%.200s: %v", value, err)
	}
	got, err := e.DeadLetter()
	if err != nil {
		t.Fatalf("%.200s: %v", value, err)
	}
	return got, value
}

func TestGoldenDeadLetter(t *testing.T) {
	want := letterOf([]byte(`{"type":"Order","payload":{"orderId":"1"},"correlationId":{"id":"x"}}`))
	got, value := through(t, want)
	mustMatchGolden(t, "envelope_dead_letter.json", value)
	if !bytes.Equal(mustMarshal(t, got), mustMarshal(t, want)) {
		t.Errorf("got %s, want %s", mustMarshal(t, got), mustMarshal(t, want))
	}
	e, err := DecodeEnvelope(mustReadGolden(t, "envelope_dead_letter_short.json")) // as earlier versions wrote it
	if err != nil {
		t.Fatal(err)
	}
	if old, err := e.DeadLetter(); err != nil || !bytes.Equal(mustMarshal(t, old), mustMarshal(t, want)) {
		t.Errorf("short type: got %s, %v, want %s", mustMarshal(t, old), err, mustMarshal(t, want))
	}
	e, err = DecodeEnvelope(value)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := e.Text(); err != nil || text != string(mustMarshal(t, want)) {
		t.Errorf("as a string: got %s, %v, want the letter's JSON", text, err)
	}
}

func TestPutFindsTheReadableForm(t *testing.T) {
	for _, c := range []struct{ name, value, form string }{
		{"our message", `{"type":"Order","payload":{}}`, "message"},
		{"a number", `153.00`, "message"},
		{"the literal null", `null`, "message"},
		{"Gson's escapes", `{"a":"\u003d\ud83d"}`, "message"},
		{"a key twice", `{"a":1,"a":2}`, "message"},
		{"blanks", `{"a": 1}`, "text"},
		{"a newline behind", "{}\n", "text"},
		{"HTML", `{"a":"<b>"}`, "text"},
		{"a line separator", "{\"a\":\"\u2028\"}", "text"},
		{"cut short", `{"a":`, "text"},
		{"plain", "olá", "text"},
		{"no bytes", "", "text"},
		{"a zero byte", "\x00", "text"},
		{"JSON in latin-1", "{\"a\":\"S\xe3o\"}", "base64"},
		{"bytes", "\xff\x00", "base64"},
		{"mostly escapes", strings.Repeat("\x01", 100), "base64"},
		{"as deep as can be read", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "text"},
		{"one less", strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999), "text"},
		{"deep in its envelope", strings.Repeat("[", 9_998) + strings.Repeat("]", 9_998), "message"},
	} {
		d := letterOf([]byte(c.value))
		form := map[bool]string{d.Message != nil: "message", d.Text != nil: "text", d.Base64 != "": "base64"}[true]
		if form != c.form {
			t.Errorf("%s: put as %s, want %s", c.name, form, c.form)
		}
		checkOriginal(t, c.name, []byte(c.value))
	}
	checkOriginal(t, "null", nil)
	got, _ := through(t, letterOf(nil))
	if got.Message != nil || got.Text != nil || got.Base64 != "" {
		t.Errorf("null became %+v, want none of the three", got)
	}
}

// checkOriginal puts a value and wants it back, null apart from empty, in a letter that is not much larger.
func checkOriginal(t *testing.T, name string, value []byte) {
	t.Helper()
	d, encoded := through(t, letterOf(value))
	got, err := d.Original()
	if err != nil || !bytes.Equal(got, value) || (got == nil) != (value == nil) {
		t.Errorf("%s: got %.100q, %v, want %.100q", name, got, err, value)
	}
	// In a string the quotes and backslashes of the letter's JSON are escaped, which can double it.
	if len(encoded) > 1000+len(value)*2 {
		t.Errorf("%s: %d bytes became %d", name, len(value), len(encoded))
	}
}

func TestOriginalsComeBack(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{
		`{`,
		`}`,
		`"a":`,
		`"`,
		`[`,
		`]`,
		`,`,
		` `,
		"\n",
		`1`,
		`1.0e+3`,
		`null`,
		`\u003d`,
		`\`,
		`<`,
		"ã",
		"\xe3",
		"\x00",
		"\u2028",
		"\ufffd",
		"\U0001f600",
		"\xed\xa0\xbd",
	}
	for range 5_000 {
		var value []byte
		for range r.IntN(12) {
			value = append(value, pieces[r.IntN(len(pieces))]...)
		}
		checkOriginal(t, string(value), value)
	}
}

func TestDeadLettersRefused(t *testing.T) {
	message := mustReadGolden(t, "envelope_dead_letter_short.json")
	for _, c := range []edit{
		{`"topic":"ECOMMERCE_NEW_ORDER",`, ``, ReasonMissingField, "payload.topic"},
		{`"ECOMMERCE_NEW_ORDER"`, `""`, ReasonInvalidValue, "payload.topic"},
		{`"ECOMMERCE_NEW_ORDER"`, `7`, ReasonWrongType, "payload.topic"},
		{`"partition":2`, `"partition":` + strings.Repeat("9", 1<<20), ReasonInvalidValue, "payload.partition"},
		{`"partition":2`, `"partition":2147483648`, ReasonInvalidValue, "payload.partition"},
		{`"partition":2`, `"partition":-1`, ReasonInvalidValue, "payload.partition"},
		{`"offset":4711`, `"Offset":4711`, ReasonMissingField, "payload.offset"},
		{`"offset":4711`, `"offset":-1`, ReasonInvalidValue, "payload.offset"},
		{`"key":"ana@exemplo.com.br"`, `"key":7`, ReasonWrongType, "payload.key"},
		{`"attempt":1`, `"attempt":"1"`, ReasonWrongType, "payload.attempt"},
		{`"message":`, `"text":"a","message":`, ReasonInvalidValue, "payload.message"},
		{`"message":`, `"base64":"*","x":`, ReasonInvalidValue, "payload.base64"},
		{`"message":`, `"text":7,"x":`, ReasonWrongType, "payload.text"},
	} {
		name := c.old + " to " + c.new[:min(len(c.new), 40)]
		e, err := DecodeEnvelope(c.value(t, message))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, err = e.DeadLetter()
		checkMalformed(t, name, err, c.reason, c.field)
		if !json.Valid(e.Payload) || len(e.Payload) > 1<<20 {
			continue
		}
		e.Type, e.Payload = TypeString, mustMarshal(t, string(e.Payload))
		_, err = e.DeadLetter()
		checkMalformed(t, name+", in a string", err, c.reason, c.field)
	}
	if _, err := (DeadLetter{Base64: "*"}).Original(); err == nil {
		t.Error("no error for what is not base64")
	}
}

func TestDeadLettersOfTheJavaPrograms(t *testing.T) {
	letter := func(typ, payload string) Envelope {
		e, err := DecodeEnvelope([]byte(`{"type":"` + typ + `","payload":` + payload + `,"correlationId":{"id":"x"}}`))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for payload, want := range map[string]string{`[123,34,-61,-93,34,125]`: `{"ã"}`, `[-1,0,127,-128]`: "\xff\x00\x7f\x80", `[]`: ""} {
		if got, err := letter("[B", payload).Bytes(); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", payload, got, err, want)
		}
	}
	for _, payload := range []string{
		`[128]`,
		`[-129]`,
		`["a"]`,
		`[1.5]`,
		`"MTIz"`,
		`{}`,
		`7`,
		`[[1]]`,
		`[` + strings.Repeat("9", 1<<20) + `]`,
	} {
		_, err := letter("[B", payload).Bytes()
		checkMalformed(t, payload[:min(len(payload), 40)], err, ReasonWrongType, "payload")
	}
	_, err := letter("java.lang.String", `"x"`).Bytes()
	checkMalformed(t, "a string", err, ReasonWrongType, "type")
}

func FuzzDeadLetterPut(f *testing.F) {
	for _, value := range []string{"", "null", `{"a":1}`, `{"a": "<"}`, "\xff", "S\xe3o", "[[[]]]", `"\ud83d"`} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		checkOriginal(t, "fuzz", value)
		if d := letterOf(value); d.Message != nil && !json.Valid(d.Message) {
			t.Errorf("%q is put as JSON", value)
		}
	})
}
