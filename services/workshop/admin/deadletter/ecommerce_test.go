package deadletter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

// readableLetter is a letter as the e-commerce services write it: the value in an envelope for people.
func readableLetter(t *testing.T, topic, source string, offset int, key, value []byte) *sarama.ProducerMessage {
	t.Helper()
	d := event.DeadLetter{
		Topic: source, Partition: 2, Offset: int64(offset), Service: "fraud-detector", Reason: "missing-field",
		Error: "field \"amount\" is missing", Attempt: 1, At: "2026-01-02T03:04:06Z",
	}
	d.Put(value)
	wrapped, err := event.EncodeEnvelope(d, "NewOrder(u1)-_ECOMMERCE_NEW_ORDER(u2)")
	if err != nil {
		t.Fatal(err)
	}
	m := deadLetter(offset)
	m.Topic, m.Key, m.Value = topic, encoder(key), sarama.ByteEncoder(wrapped)
	m.Headers[1].Value, m.Headers[3].Value = []byte(source), []byte(fmt.Sprint(offset))
	return m
}

var originals = [][]byte{
	[]byte(`{"type":"Order","payload":{"orderId":"1"},"correlationId":{"id":"x"}}`),
	[]byte("{'a': 1}\n"), {}, nil, []byte("S\xe3o"), []byte("null"),
}

func TestReplayUnwrapsReadableLetters(t *testing.T) {
	for _, prefix := range []string{"", "turma-b."} {
		letters, order, email := prefix+event.DeadLetterTopic, prefix+event.NewOrderTopic, prefix+event.SendEmailTopic
		c := kafkatest.Start(t, letters+":3", order+":1", email+":1")
		for i, value := range originals {
			admintest.Send(t, c, readableLetter(t, letters, order, i, []byte("\xff"), value))
		}
		admintest.Send(t, c, readableLetter(t, letters, email, 100, nil, []byte("to e-mail")))
		workshop(t, c.Kafka(), "dlq", "replay", letters).Prints(t, "7 letters sent back from "+letters+"\n")
		workshop(t, c.Kafka(), "dlq", "replay", letters).Prints(t, "0 letters sent back from "+letters+"\n")
		admintest.Contains(t, workshop(t, c.Kafka(), "dlq", "list").OK(t).Stdout, letters+"  several  7        0\n")

		got := c.ReadAll(order)
		if len(got) != len(originals) {
			t.Fatalf("%d messages are back, want %d", len(got), len(originals))
		}
		for i, m := range got {
			var headers []string
			for _, h := range m.Headers {
				headers = append(headers, fmt.Sprintf("%s=%s", h.Key, h.Value))
			}
			if !bytes.Equal(m.Value, originals[i]) || (m.Value == nil) != (originals[i] == nil) ||
				string(m.Key) != "\xff" || strings.Join(headers, " ") != "own=kept dlq.attempt=1" {
				t.Errorf("message %d is back as %q, key %q, headers %s", i, m.Value, m.Key, headers)
			}
		}
		if got := c.ReadAll(email); len(got) != 1 || string(got[0].Value) != "to e-mail" || got[0].Key != nil {
			t.Errorf("back in %s: %v", email, got)
		}
	}
}

// Three services have refused one message: it goes back once, also where the letters are taken one by one.
func TestReplayOfAMessageThatSeveralServicesRefused(t *testing.T) {
	for _, limit := range []string{"0", "1"} {
		c := kafkatest.Start(t, event.DeadLetterTopic+":3", event.NewOrderTopic+":1")
		for i := range 9 {
			admintest.Send(t, c, readableLetter(t, event.DeadLetterTopic, event.NewOrderTopic, i%3, nil, originals[0])) // no key: to any partition
		}
		told := 0
		for range 9 {
			got := workshop(t, c.Kafka(), "dlq", "replay", event.DeadLetterTopic, "--max", limit).OK(t)
			told += strings.Count(got.Stderr, "of the same messages: refused by more than one service")
			if limit == "0" {
				want := "0 letters sent back"
				if told == 1 && got.Stderr != "" {
					want = "6 more letters of the same messages"
				}
				admintest.Contains(t, got.Stdout+got.Stderr, want)
			}
		}
		if n := len(c.ReadAll(event.NewOrderTopic)); n != 3 || told == 0 {
			t.Errorf("--max %s: %d messages are back, want 3; told %d times", limit, n, told)
		}
		admintest.Contains(t, workshop(t, c.Kafka(), "dlq", "list").OK(t).Stdout, event.DeadLetterTopic+"  several  9        0\n")
		// Who wants them all again resets the group, as the help says.
		workshop(t, c.Kafka(), "groups", "reset", "dlq-replay-"+event.DeadLetterTopic,
			"--topic", event.DeadLetterTopic, "--to", "earliest", "--execute").OK(t)
		workshop(t, c.Kafka(), "dlq", "replay", event.DeadLetterTopic).Prints(t, "3 letters sent back from "+event.DeadLetterTopic+"\n")
	}
}

// The topic of the originals was recreated: two messages stood in one place, one after the other. Both go back.
func TestReplayOfTwoMessagesOfOnePlace(t *testing.T) {
	c := kafkatest.Start(t, event.DeadLetterTopic+":1", event.NewOrderTopic+":1")
	for n := range 2 {
		for range 2 { // refused by two services each
			admintest.Send(t, c, readableLetter(t, event.DeadLetterTopic, event.NewOrderTopic, 0, nil, originals[n]))
		}
	}
	later := readableLetter(t, event.DeadLetterTopic, event.NewOrderTopic, 0, nil, originals[0])
	for i, h := range later.Headers {
		if string(h.Key) == "dlq.timestamp" {
			later.Headers[i].Value = []byte("2026-02-03T04:05:06Z")
		}
	}
	bare := readableLetter(t, event.DeadLetterTopic, event.NewOrderTopic, 0, nil, originals[0])
	bare.Headers = nil // copied by hand: a letter of the first or of the third message, which both go back
	admintest.Send(t, c, later, bare)
	workshop(t, c.Kafka(), "dlq", "replay", event.DeadLetterTopic).OK(t)
	if got := c.ReadAll(event.NewOrderTopic); len(got) != 3 {
		t.Errorf("%d messages are back, want 3", len(got))
	}
}

// The value is unwrapped only where the envelope is the letter's own: not a letter of a letter.
func TestReplayOfALetterOfALetter(t *testing.T) {
	c := kafkatest.Start(t, "t.dlq:1", "t:1")
	inner := readableLetter(t, "t.dlq", event.NewOrderTopic, 7, []byte("k"), []byte("original"))
	inner.Headers = deadLetter(1).Headers // its own letter: t, offset 101
	admintest.Send(t, c, inner)
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").OK(t)
	want, _ := inner.Value.Encode()
	if got := c.ReadAll("t"); len(got) != 1 || !bytes.Equal(got[0].Value, want) {
		t.Errorf("back are %v, want the letter as it was", got)
	}
}

func TestShowReadableLetters(t *testing.T) {
	c := kafkatest.Start(t, event.DeadLetterTopic+":1", event.NewOrderTopic+":1")
	bare := readableLetter(t, event.DeadLetterTopic, event.NewOrderTopic, 9, []byte("k"), []byte("\xff"))
	bare.Headers = nil // copied by hand
	admintest.Send(t, c, readableLetter(t, event.DeadLetterTopic, event.NewOrderTopic, 8, []byte("ana@x"), originals[0]), bare)
	workshop(t, c.Kafka(), "dlq", "show", event.DeadLetterTopic).Prints(t, `ECOMMERCE_DEADLETTER, partition 0, offset 0
  from     ECOMMERCE_NEW_ORDER, partition 2, offset 8, written 2026-01-02T03:04:05Z
  reason   not_json: invalid character
  refused  by consumer at 2026-01-02T03:04:06Z, attempt 1
  path     NewOrder(u1)-_ECOMMERCE_NEW_ORDER(u2)
  key      ana@x
  headers  own=kept
  value    {"type":"Order","payload":{"orderId":"1"},"correlationId":{"id":"x"}}
ECOMMERCE_DEADLETTER, partition 0, offset 1
  from     ECOMMERCE_NEW_ORDER, partition 2, offset 9
  reason   missing-field: field "amount" is missing
  refused  by fraud-detector at 2026-01-02T03:04:06Z, attempt 1
  path     NewOrder(u1)-_ECOMMERCE_NEW_ORDER(u2)
  key      k
  headers  -
  value    in base64: /w==
`)
	first, _, _ := strings.Cut(workshop(t, c.Kafka(), "dlq", "show", event.DeadLetterTopic, "-o", "json").OK(t).Stdout, "\n")
	var shown struct {
		Value  string
		Letter letter
	}
	if err := json.Unmarshal([]byte(first), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Letter.Original == nil || *shown.Letter.Original != string(originals[0]) ||
		shown.Letter.Topic != event.NewOrderTopic || !strings.Contains(shown.Value, `"type":"java.lang.String"`) {
		t.Errorf("json: %s", first)
	}
	admintest.Contains(t, workshop(t, c.Kafka(), "dlq", "list", "-o", "json").OK(t).Stdout, `"source": "",`)
}

// The Java programs hide the message in an array of numbers, and where it came from they do not say.
func TestShowALetterOfAJavaProgram(t *testing.T) {
	c := kafkatest.Start(t, event.DeadLetterTopic+":1")
	c.ProduceValues(event.DeadLetterTopic, `{"type":"[B","payload":[111,108,-61,-95],"correlationId":{"id":"NewOrderMain(u1)"}}`)
	admintest.Contains(t, workshop(t, c.Kafka(), "dlq", "show", event.DeadLetterTopic).OK(t).Stdout,
		"path     NewOrderMain(u1)\n  key      -\n  headers  -\n  value    olá\n")
	got := workshop(t, c.Kafka(), "dlq", "replay", event.DeadLetterTopic).OK(t)
	admintest.Contains(t, got.Stdout, "0 letters sent back")
	admintest.Contains(t, got.Stderr, "1 message without a header dlq.topic stayed")
}
