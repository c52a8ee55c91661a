package deadletter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/session"
)

// deadLetter is a letter as the consumer writes it.
func deadLetter(n int, more ...sarama.RecordHeader) *sarama.ProducerMessage {
	m := &sarama.ProducerMessage{
		Topic: "t.dlq", Key: sarama.StringEncoder(fmt.Sprint("key", n)), Value: sarama.StringEncoder(fmt.Sprint("value", n)),
		Headers: []sarama.RecordHeader{{Key: []byte("own"), Value: []byte("kept")}},
	}
	m.Headers = append(m.Headers, more...)
	for _, h := range [][2]string{
		{"dlq.topic", "t"}, {"dlq.partition", "2"}, {"dlq.offset", fmt.Sprint(100 + n)}, {"dlq.timestamp", "2026-01-02T03:04:05Z"},
		{"dlq.reason", "not_json"}, {"dlq.error", "invalid character"},
		{"dlq.service", "consumer"}, {"dlq.at", "2026-01-02T03:04:06Z"}, {"dlq.attempt", "1"},
	} {
		m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(h[0]), Value: []byte(h[1])})
	}
	return m
}

func deadLetters(n int) []*sarama.ProducerMessage {
	var all []*sarama.ProducerMessage
	for i := range n {
		all = append(all, deadLetter(i))
	}
	return all
}

func TestReplaySendsEachLetterOnce(t *testing.T) {
	c := kafkatest.Start(t, "t:3", "t.dlq:1", "other.dlq:1")
	admintest.Send(t, c, deadLetters(250)...)
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq", "--max", "1").Prints(t, "1 letter sent back from t.dlq\n")
	workshop(t, c.Kafka(), "dlq", "list").Prints(t, ""+
		"TOPIC      SOURCE  LETTERS  NOT-REPLAYED\n"+
		"other.dlq  other   0        0\n"+
		"t.dlq      t       250      249\n")
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq", "--max", "120").Prints(t, "120 letters sent back from t.dlq\n")
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").Prints(t, "129 letters sent back from t.dlq\n")
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").Prints(t, "0 letters sent back from t.dlq\n")
	wantEachOnce(t, c, 250)
	for _, m := range c.ReadAll("t") {
		var headers []string
		for _, h := range m.Headers {
			headers = append(headers, fmt.Sprintf("%s=%s", h.Key, h.Value))
		}
		if got := strings.Join(headers, " "); got != "own=kept dlq.attempt=1" {
			t.Fatalf("%s has the headers %s", m.Key, got)
		}
	}
	if p := root.GroupProgress(t, c.Kafka(), "dlq-replay-t.dlq"); *p[0].Unread != 0 || *p[0].CurrentOffset != 250 {
		t.Errorf("the replay's group: %+v", p)
	}
}

func wantEachOnce(t *testing.T, c *kafkatest.Cluster, letters int) {
	t.Helper()
	times := map[string]int{}
	for _, m := range c.ReadAll("t") {
		times[string(m.Key)+" "+string(m.Value)]++
	}
	lost, repeated := 0, 0
	for i := range letters {
		switch n := times[fmt.Sprintf("key%d value%d", i, i)]; {
		case n == 0:
			lost++
		case n > 1:
			repeated++
		}
	}
	if lost > 0 || repeated > 0 || len(times) != letters {
		t.Errorf("of %d letters %d are lost and %d repeated", letters, lost, repeated)
	}
}

// A replay fails at each step of its transaction; the next one makes up for it, and nothing is there
// twice, except for readers of what was aborted.
func TestReplayRepeatsNothingAfterAFailure(t *testing.T) {
	for _, fails := range []kmsg.Key{kmsg.Produce, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		t.Run(fails.Name(), func(t *testing.T) {
			t.Parallel()
			c := kafkatest.Start(t, "t:1", "t.dlq:1")
			admintest.Send(t, c, deadLetters(30)...)
			fault := c.Fault(kfake.Fault{Keys: []kmsg.Key{fails}, Err: kerr.TransactionalIDAuthorizationFailed, Count: -1})
			got := workshop(t, c.Kafka(), "dlq", "replay", "t.dlq")
			if got.Err == nil {
				t.Fatalf("it succeeded with %s refused: %s", fails.Name(), got.Stdout)
			}
			admintest.Contains(t, got.Err.Error(), "run it again")
			admintest.Contains(t, got.Stdout, "0 letters sent back")
			if n := len(c.ReadAll("t")); n != 0 && fails != kmsg.EndTxn {
				t.Errorf("%d messages are committed", n)
			}
			fault.Remove()
			workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").Prints(t, "30 letters sent back from t.dlq\n")
			wantEachOnce(t, c, 30)
			if n := len(c.ReadUncommitted("t")); fails != kmsg.Produce && n != 60 { // the control
				t.Errorf("read_uncommitted gives %d messages, want those of the failed replay too", n)
			}
		})
	}
}

// Two replays at once: the younger takes over, the older is fenced off, and no letter goes back twice.
func TestTwoReplaysAtOnce(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "t.dlq:1")
	admintest.Send(t, c, deadLetters(600)...)
	results := make([]admintest.Result, 3)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = workshop(t, c.Kafka(), "dlq", "replay", "t.dlq") })
	}
	wg.Wait()
	for _, r := range results {
		if r.Err != nil && !strings.Contains(r.Err.Error(), "another replay of the topic has started") {
			t.Errorf("error %v\n%s", r.Err, r.Stderr)
		}
	}
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").OK(t)
	wantEachOnce(t, c, 600)
}

func TestReplayOfALetterThatFailedAgain(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "t.dlq:1")
	again := deadLetter(1, sarama.RecordHeader{Key: []byte("dlq.attempt"), Value: []byte("1")})
	again.Headers[len(again.Headers)-1].Value = []byte("2")
	admintest.Send(t, c, again)
	got := workshop(t, c.Kafka(), "dlq", "show", "t.dlq").OK(t)
	admintest.Contains(t, got.Stdout, "attempt 2\n")
	workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").OK(t)
	msg := c.ReadAll("t")[0]
	if len(msg.Headers) != 2 || string(msg.Headers[1].Value) != "2" {
		t.Errorf("headers %v, want own and dlq.attempt=2", msg.Headers)
	}
}

func TestReplayLeavesWhatIsNoLetter(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "t.dlq:1")
	c.ProduceValues("t.dlq", "typed by hand")
	admintest.Send(t, c, deadLetter(0))
	got := workshop(t, c.Kafka(), "dlq", "replay", "t.dlq").OK(t)
	admintest.Contains(t, got.Stdout, "1 letter sent back")
	admintest.Contains(t, got.Stderr, "1 message without a header dlq.topic stayed")
	wantEachOnce(t, c, 1)
}

func TestLettersFitTheTerminal(t *testing.T) {
	stdout := &kafkatest.Output{}
	o := &session.Options{Tool: &session.Tool{Stdout: stdout, Columns: func() int { return 40 }}}
	value := strings.Repeat("value ", 12)
	msg := &sarama.ConsumerMessage{Topic: "t.dlq", Key: []byte("key"), Value: []byte(value), Headers: []*sarama.RecordHeader{
		{Key: []byte("dlq.topic"), Value: []byte("t")}, {Key: []byte("dlq.partition"), Value: []byte("0")},
		{Key: []byte("dlq.offset"), Value: []byte("7")},
		{Key: []byte("dlq.reason"), Value: []byte("not-json")},
		{Key: []byte("dlq.error"), Value: []byte("invalid character looking for a value")},
		{Key: []byte("dlq.service"), Value: []byte("consumer")}, {Key: []byte("dlq.at"), Value: []byte("2026-01-02T03:04:06Z")},
		{Key: []byte("dlq.attempt"), Value: []byte("1")},
	}}
	if err := showLetter(o, msg); err != nil {
		t.Fatal(err)
	}
	want := `t.dlq, partition 0, offset 0
  from     t, partition 0, offset 7
  reason   not-json: invalid character
           looking for a value
  refused  by consumer at
           2026-01-02T03:04:06Z, attempt
           1
  key      key
  headers  -
  value    ` + value + "\n"
	if got := stdout.String(); got != want {
		t.Errorf("shown:\n%s\nwant:\n%s", got, want)
	}
}

func TestShowLetters(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "t.dlq:1")
	admintest.Send(t, c, deadLetters(3)...)
	c.ProduceValues("t.dlq", "typed by hand")
	got := workshop(t, c.Kafka(), "dlq", "show", "t.dlq", "--max", "1").OK(t)
	if got.Stdout != `t.dlq, partition 0, offset 0
  from     t, partition 2, offset 100, written 2026-01-02T03:04:05Z
  reason   not_json: invalid character
  refused  by consumer at 2026-01-02T03:04:06Z, attempt 1
  key      key0
  headers  own=kept
  value    value0
` {
		t.Errorf("shown:\n%s", got.Stdout)
	}
	admintest.Contains(t, got.Stderr, "there are more: --max shows them")
	got = root.In(service.Portuguese).Run(t, c.Kafka(), "dlq", "show", "t.dlq", "--max", "1").OK(t)
	if got.Stdout != `t.dlq, partição 0, offset 0
  de       t, partição 2, offset 100, escrita em 2026-01-02T03:04:05Z
  motivo   not_json: invalid character
  recusada por consumer em 2026-01-02T03:04:06Z, tentativa 1
  chave    key0
  headers  own=kept
  valor    value0
` {
		t.Errorf("shown in Portuguese:\n%s", got.Stdout)
	}
	admintest.Contains(t, workshop(t, c.Kafka(), "dlq", "show", "t.dlq").OK(t).Stdout, "unknown: it has no header dlq.topic")
	var reasons []string
	for line := range strings.Lines(workshop(t, c.Kafka(), "dlq", "show", "t.dlq", "-o", "json").OK(t).Stdout) {
		var l struct {
			Value  string
			Letter letter
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		reasons = append(reasons, l.Value+":"+l.Letter.Reason)
	}
	if want := []string{"value0:not_json", "value1:not_json", "value2:not_json", "typed by hand:"}; !slices.Equal(reasons, want) {
		t.Errorf("json: %q, want %q", reasons, want)
	}
}

func TestRefusedReplays(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "gone.dlq:1")
	lost := deadLetter(0)
	lost.Topic, lost.Headers[1].Value = "gone.dlq", []byte("gone")
	admintest.Send(t, c, lost)
	for _, r := range []struct{ args, want string }{
		{"replay gone", "topic gone does not exist; did you mean gone.dlq?"},
		{"replay t", "t has no dead letters: the names of topics that have them end in .dlq"},
		{"show t", "t has no dead letters"},
		{"show gone.dlq --max 0", "--max has to be at least 1"},
		{"replay gone.dlq --max -1", "--max cannot be less than 0"},
	} {
		workshop(t, c.Kafka(), append([]string{"dlq"}, strings.Fields(r.args)...)...).Fails(t, r.want)
	}
	got := workshop(t, c.Kafka(), "dlq", "replay", "gone.dlq")
	if got.Err == nil ||
		!strings.Contains(got.Err.Error(), "the letter at offset 0 came from topic gone, which does not exist: create it first") {
		t.Errorf("error %v", got.Err)
	}
	c.CreateTopic("gone:1")
	workshop(t, c.Kafka(), "dlq", "replay", "gone.dlq").Prints(t, "1 letter sent back from gone.dlq\n")
}
