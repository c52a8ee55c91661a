package admin

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
)

// onTerminal runs a command line whose outputs are a terminal.
func onTerminal(t *testing.T, cluster kafka.Cluster, args ...string) admintest.Result {
	t.Helper()
	stdout, stderr := terminal{&kafkatest.Output{}}, terminal{&kafkatest.Output{}}
	return workshopOn(t.Context(), cluster, strings.NewReader(""), stdout, stderr, args...)
}

type terminal struct{ *kafkatest.Output }

func (terminal) IsTerminal() bool { return true }

const (
	hostileGroup = "group" + clears + "\nforged"
	clears       = "\x1b[2J\u009b2J" // the screen, twice
	forges       = "paid\nt deleted\r\u202e\xff"
)

// hostile is a cluster whose messages and names attack the terminal of who looks at them.
func hostile(t *testing.T) *kafkatest.Cluster {
	t.Helper()
	c := kafkatest.Start(t, "t:1", "t.dlq:1")
	for _, topic := range []string{"t", "t.dlq"} {
		admintest.Send(t, c, &sarama.ProducerMessage{
			Topic: topic, Key: sarama.StringEncoder(clears), Value: sarama.StringEncoder(clears + forges),
			Headers: []sarama.RecordHeader{
				{Key: []byte("own" + clears), Value: []byte(forges)},
				{Key: []byte("dlq.topic"), Value: []byte("t" + clears)}, {Key: []byte("dlq.error"), Value: []byte(forges)},
				{Key: []byte("dlq.reason"), Value: []byte(clears)}, {Key: []byte("dlq.service"), Value: []byte(forges)},
			},
		})
	}
	admintest.Commit(t, c, hostileGroup, "t", 0, 0)
	return c
}

var showing = [][]string{
	{"consume", "t", "--from-beginning", "--to-end"},
	{"consume", "t", "--from-beginning", "--to-end", "--verbose"},
	{"consume", "t", "--from-beginning", "--max", "1"},
	{"dlq", "show", "t.dlq"},
	{"groups", "list"},
	{"groups", "describe", "--all-groups"},
	{"groups", "describe", "group"},
	{"groups", "reset", hostileGroup, "--topic", "t", "--to", "latest"},
	{"groups", "delete", hostileGroup},
}

func TestATerminalIsHarmless(t *testing.T) {
	c := hostile(t)
	for _, args := range showing {
		got := onTerminal(t, c.Kafka(), args...)
		all := got.Stdout + got.Stderr
		if args[1] == "describe" && args[2] == "group" {
			all = got.Err.Error() // which names the group that is near
		}
		for _, r := range all {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) || r == unicode.ReplacementChar {
				t.Errorf("%q: %q reaches the terminal in %q", args, r, all)
				break
			}
		}
		for line := range strings.Lines(all) {
			if strings.HasPrefix(line, "forged") || strings.HasPrefix(line, "t deleted") {
				t.Errorf("%q: a line is forged: %q", args, all)
			}
		}
		if !strings.Contains(all, `\x1b[2J`) {
			t.Errorf("%q: what is harmful is not shown as an escape: %q", args, all)
		}
	}
}

// JSON has escapes of its own for what could act on a terminal, and means the same with them.
func TestJSONIsHarmless(t *testing.T) {
	c := hostile(t)
	const key = "\u009b2J\x7f\u202e"
	admintest.Send(t, c, &sarama.ProducerMessage{Topic: "t.dlq", Key: sarama.StringEncoder(key)})
	for _, args := range [][]string{
		{"consume", "t.dlq", "--from-beginning", "--to-end", "-o", "json"},
		{"dlq", "show", "t.dlq", "-o", "json"},
		{"groups", "list", "-o", "json"},
	} {
		got := onTerminal(t, c.Kafka(), args...).OK(t).Stdout
		for _, r := range got {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Errorf("%q: %q reaches the terminal in %q", args, r, got)
				break
			}
		}
		for decoder := json.NewDecoder(strings.NewReader(got)); decoder.More(); {
			var value any
			if err := decoder.Decode(&value); err != nil {
				t.Fatalf("%q: %v in %q", args, err, got)
			}
		}
		if args[0] == "consume" && !strings.Contains(got, `"key":"\u009b2J\u007f\u202e"`) {
			t.Errorf("%q: %q", args, got)
		}
	}
}

func TestAPipeGetsTheBytes(t *testing.T) {
	c := hostile(t)
	workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--to-end").Prints(t, clears+forges+"\n")
	admintest.Contains(t, workshop(t, c.Kafka(), "dlq", "show", "t.dlq").OK(t).Stdout, clears+forges+"\n")
	admintest.Contains(t, workshop(t, c.Kafka(), "groups", "list").OK(t).Stdout, hostileGroup)
	args := []string{"groups", "list", "-o", "json"}
	if pipe, screen := workshop(t, c.Kafka(), args...).OK(t).Stdout, onTerminal(t, c.Kafka(), args...).OK(t).Stdout; pipe != screen {
		t.Errorf("JSON is %q in a pipe, and %q on a terminal", pipe, screen)
	}
}
