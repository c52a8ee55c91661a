package message

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

func produceLines(t *testing.T, cluster kafka.Cluster, lines string, args ...string) admintest.Result {
	t.Helper()
	return workshopOn(t.Context(), cluster, strings.NewReader(lines), &kafkatest.Output{}, &kafkatest.Output{},
		append([]string{"produce"}, args...)...)
}

func TestProduce(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	got := produceLines(t, c.Kafka(), "a\n\nwith\ttab\r\nlast", "t").OK(t)
	if got.Stdout != "" || got.Stderr != "workshop: 4 messages acknowledged\n" {
		t.Errorf("output:\n%s%s", got.Stdout, got.Stderr)
	}
	var values []string
	for _, m := range c.ReadAll("t") {
		if m.Key != nil || len(m.Headers) != 0 {
			t.Errorf("key %q, headers %v", m.Key, m.Headers)
		}
		values = append(values, string(m.Value))
	}
	if got := fmt.Sprintf("%q", values); got != `["a" "" "with\ttab" "last"]` {
		t.Errorf("in the topic: %s", got)
	}
	produceLines(t, c.Kafka(), "", "t").OK(t)
	if n := len(c.ReadAll("t")); n != 4 {
		t.Errorf("no line made %d messages", n-4)
	}
}

func TestProduceWithKeysHeadersAndPartition(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	produceLines(t, c.Kafka(), "ana:1:x\nbia:2\nana:3\n:4\nbia:\n", "t", "--key-separator", ":", "--header", "a=b=c", "--header", "d=").OK(t)
	at := map[string]int32{}
	var pairs []string
	for _, m := range c.ReadAll("t") {
		if p, ok := at[string(m.Key)]; ok && p != m.Partition {
			t.Errorf("key %s is in partitions %d and %d", m.Key, p, m.Partition)
		}
		at[string(m.Key)] = m.Partition
		pairs = append(pairs, fmt.Sprintf("%s=%s", m.Key, m.Value))
		if len(m.Headers) != 2 || string(m.Headers[0].Key)+string(m.Headers[0].Value) != "ab=c" {
			t.Errorf("headers %v", m.Headers)
		}
	}
	all := strings.Join(pairs, " ")
	for _, want := range []string{"ana=1:x", "ana=3", "bia=2", "bia=", "=4"} {
		admintest.Contains(t, all, want)
	}
	got := produceLines(t, c.Kafka(), "x\ny\n", "t", "--partition", "1", "--acks", "1", "-o", "json").OK(t)
	for i, m := range c.ReadAll("t")[len(pairs):] {
		_ = m
		admintest.Contains(t, got.Stdout, fmt.Sprintf(`{"line":%d,"partition":1,`, i+1))
	}
	admintest.Contains(t, produceLines(t, c.Kafka(), "z\n", "t", "--acks", "0").OK(t).Stderr, "1 message sent, and with acks=0 nobody knows")
}

func TestProduceManyLines(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	var lines strings.Builder
	for i := range 5000 {
		fmt.Fprintln(&lines, i)
	}
	admintest.Contains(t, produceLines(t, c.Kafka(), lines.String(), "t").OK(t).Stderr, "5000 messages acknowledged")
	for i, m := range c.ReadAll("t") {
		if string(m.Value) != fmt.Sprint(i) {
			t.Fatalf("message %d is %s: lost, repeated or out of order", i, m.Value)
		}
	}
}

func TestProduceNamesWhatFailed(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	got := produceLines(t, c.Kafka(), "k:1\nnothing\nk:2\n", "t", "--key-separator", ":", "-v")
	if got.Err == nil || got.Err.Error() != "produce to t: 1 of 3 lines were not acknowledged" {
		t.Errorf("error %v", got.Err)
	}
	admintest.Contains(t, got.Stderr, `workshop: line 2: there is no ":" in it`)
	admintest.Contains(t, got.Stderr, "2 messages acknowledged, 1 failed")
	admintest.Contains(t, got.Stdout, "line 3: partition 0, offset 1, key k\n")

	fault := c.RefuseProduce("t")
	defer fault.Remove()
	got = produceLines(t, c.Kafka(), strings.Repeat("x\n", 30), "t")
	if got.Err == nil || strings.Count(got.Stderr, "workshop: line ") != maxComplaints {
		t.Errorf("error %v; %d lines are named:\n%s", got.Err, strings.Count(got.Stderr, "workshop: line "), got.Stderr)
	}
	admintest.Contains(t, got.Stderr, "0 messages acknowledged, 30 failed")
}

func TestProduceIsInterrupted(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	in, typed := io.Pipe()
	defer typed.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	stdout, stderr := &kafkatest.Output{}, &kafkatest.Output{}
	done := make(chan admintest.Result, 1)
	go func() { done <- workshopOn(ctx, c.Kafka(), in, stdout, stderr, "produce", "t", "-v") }()
	io.WriteString(typed, "first\n")
	kafkatest.Eventually(t, "it is acknowledged before the next is typed", func() bool {
		return strings.Contains(stdout.String(), "line 1: partition 0, offset 0")
	})
	interrupt()
	admintest.Contains(t, (<-done).OK(t).Stderr, "1 message acknowledged")
}

func TestWrongUseOfProduce(t *testing.T) {
	c := kafkatest.Start(t, "meu-topico:2")
	for _, r := range []struct {
		args, want string
		usage      bool
	}{
		{"meu-topic", "topic meu-topic does not exist; did you mean meu-topico?", false},
		{"meu-topico --partition 2", "topic meu-topico has no partition 2: it has 2 partitions, from 0 to 1", false},
		{"meu-topico --partition -1", "--partition cannot be less than 0", true},
		{"meu-topico --acks 2", "accepted: all, 1, 0", true},
		{"meu-topico --header x", "accepted: NAME=VALUE", true},
		{"meu-topico --key-separator=", "--key-separator not empty", true},
	} {
		got := produceLines(t, c.Kafka(), "x\n", strings.Fields(r.args)...)
		got.Fails(t, r.want)
		if admintest.IsUsage(got.Err) != r.usage {
			t.Errorf("%s: wrong use %t, want %t", r.args, admintest.IsUsage(got.Err), r.usage)
		}
	}
	if n := len(c.ReadAll("meu-topico")); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
}

// Partitions answer in any order; the report has that of the lines.
func TestProduceReportsInTheOrderOfTheLines(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	var input, want strings.Builder
	for i := range 300 {
		fmt.Fprintf(&input, "k %d:v\n", i)
	}
	got := produceLines(t, c.Kafka(), input.String(), "t", "--key-separator", ":", "--verbose").OK(t)
	next := map[int32]int64{}
	keys := map[string]int32{}
	for _, m := range c.ReadAll("t") {
		keys[string(m.Key)] = m.Partition
	}
	for i := range 300 {
		key := fmt.Sprintf("k %d", i)
		p := keys[key]
		fmt.Fprintf(&want, "line %d: partition %d, offset %d, key %q\n", i+1, p, next[p], key)
		next[p]++
	}
	if got.Stdout != want.String() {
		t.Errorf("output:\n%s\nwant:\n%s", got.Stdout, want.String())
	}
	json := produceLines(t, c.Kafka(), "a:1\n\xff:2\n", "t", "--key-separator", ":", "--partition", "0", "-o", "json").OK(t)
	if want := fmt.Sprintf(`{"line":1,"partition":0,"offset":%d,"key":"a"}
{"line":2,"partition":0,"offset":%d,"key":null,"keyBase64":"/w=="}
`, next[0], next[0]+1); json.Stdout != want {
		t.Errorf("JSON:\n%s\nwant:\n%s", json.Stdout, want)
	}
}

func TestReport(t *testing.T) {
	var r report
	var out strings.Builder
	for _, step := range []struct {
		line int64
		text string
		want string
	}{{2, "2 ", ""}, {1, "1 ", "1 2 "}, {4, "4 ", "1 2 "}, {3, "", "1 2 4 "}, {7, "7 ", "1 2 4 "}, {6, "6 ", "1 2 4 "}} {
		if err := r.line(&out, step.line, step.text); err != nil || out.String() != step.want {
			t.Errorf("after line %d: %q and %v, want %q", step.line, out.String(), err, step.want)
		}
	}
	if err := r.rest(&out); err != nil || out.String() != "1 2 4 6 7 " {
		t.Errorf("at the end: %q and %v", out.String(), err)
	}
}
