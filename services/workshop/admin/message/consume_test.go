package message

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/admin/session"
)

func TestConsumeFromAPlace(t *testing.T) {
	c := kafkatest.Start(t, "t:1", "empty:2")
	c.ProduceValues("t", "0", "1", "2", "3", "4")
	for _, r := range []struct{ args, want string }{
		{"--from-beginning --to-end", "0 1 2 3 4"},
		{"--from-beginning --max 2", "0 1"},
		{"--from-beginning --to-end --max 3", "0 1 2"},
		{"--from-beginning --timeout 200ms", "0 1 2 3 4"},
		{"--to-end", ""}, // from now on
		{"--timeout 100ms", ""},
		{"--partition 0 --offset 3 --to-end", "3 4"},
		{"--partition 0 --offset 3 --max 1", "3"},
		{"--partition 0 --offset -2 --to-end", "3 4"},
		{"--partition 0 --offset -20 --to-end", "0 1 2 3 4"},
		{"--offset earliest --to-end", "0 1 2 3 4"},
		{"--offset latest --to-end", ""},
		{"--offset 2001-01-01T00:00:00Z --to-end", "0 1 2 3 4"},
		{"--offset 2101-01-01T00:00:00Z --to-end", ""},
	} {
		got := workshop(t, c.Kafka(), append([]string{"consume", "t"}, strings.Fields(r.args)...)...).OK(t)
		if strings.Join(strings.Fields(got.Stdout), " ") != r.want {
			t.Errorf("%s printed %q, want %s", r.args, got.Stdout, r.want)
		}
		admintest.Contains(t, got.Stderr, "workshop: "+session.Count(len(strings.Fields(r.want)), "message")+"\n")
	}
	workshop(t, c.Kafka(), "consume", "empty", "--from-beginning", "--to-end").Prints(t, "")
}

func TestConsumeAtBothIsolations(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.Transact("t", kafka.Transactional{ID: t.Name()}, "0", "-aborted", "4", "?open")
	c.ProduceValues("t", "behind")
	workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--to-end").Prints(t, "0\n4\n")
	workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--timeout", "3s").Prints(t, "0\n4\n")
	for _, end := range []string{"--to-end", "--timeout=3s"} {
		workshop(t, c.Kafka(), "consume", "t", "--from-beginning", end, "--isolation", "read_uncommitted").
			Prints(t, "0\n-aborted\n4\n?open\nbehind\n")
	}
}

func TestConsumeFollowsUntilInterrupted(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	c.ProduceValues("t", "before")
	for _, group := range []string{"", "--group=g"} {
		ctx, interrupt := context.WithCancel(t.Context())
		stdout, stderr := &kafkatest.Output{}, &kafkatest.Output{}
		args := []string{"consume", "t"}
		if group != "" {
			args = append(args, group)
		}
		done := make(chan admintest.Result, 1)
		go func() { done <- workshopOn(ctx, c.Kafka(), strings.NewReader(""), stdout, stderr, args...) }()
		sent := 0
		kafkatest.Eventually(t, "it prints", func() bool { // from when on it follows cannot be seen otherwise
			sent++
			c.ProduceValues("t", fmt.Sprint("now", sent))
			return strings.Contains(stdout.String(), "now")
		})
		interrupt()
		got := (<-done).OK(t)
		if strings.Contains(got.Stdout, "before") {
			t.Errorf("it began before it was asked to:\n%s", got.Stdout)
		}
		admintest.Contains(t, got.Stderr, session.Count(strings.Count(got.Stdout, "\n"), "message"))
	}
}

func TestConsumeFormats(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	admintest.Send(t, c,
		&sarama.ProducerMessage{
			Topic: "t", Key: sarama.StringEncoder("k 1"), Value: sarama.StringEncoder("first"),
			Headers: []sarama.RecordHeader{{Key: []byte("a"), Value: []byte("b")}, {Key: []byte("c"), Value: []byte("\x1b[2J")}},
		},
		&sarama.ProducerMessage{Topic: "t", Value: sarama.ByteEncoder{0xff, 0xfe}},
		&sarama.ProducerMessage{Topic: "t", Key: sarama.StringEncoder("tombstone")})
	verbose := workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--to-end", "-v").OK(t).Stdout
	stamps := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	want := "PARTITION OFFSET TIME KEY HEADERS VALUE\n" +
		"0 0 T \"k 1\" a=b,c=\"\\x1b[2J\" first\n" +
		"0 1 T - - \xff\xfe\n" +
		"0 2 T tombstone - null"
	if got := stamps.ReplaceAllString(admintest.Columns(verbose), "T"); got != want {
		t.Errorf("verbose:\n%s\nwant:\n%s", got, want)
	}
	lines := strings.Split(workshop(t, c.Kafka(), "consume", "t", "--from-beginning", "--to-end", "-o", "json").OK(t).Stdout, "\n")
	for i, want := range []string{
		`{"topic":"t","partition":0,"offset":0,"timestamp":"T","key":"k 1","value":"first",` +
			`"headers":[{"key":"a","value":"b"},{"key":"c","value":"\u001b[2J"}]}`,
		`{"topic":"t","partition":0,"offset":1,"timestamp":"T","key":null,"value":null,"valueBase64":"//4=","headers":[]}`,
		`{"topic":"t","partition":0,"offset":2,"timestamp":"T","key":"tombstone","value":null,"headers":[]}`,
	} {
		if got := stamps.ReplaceAllString(lines[i], "T"); got != want || !json.Valid([]byte(lines[i])) {
			t.Errorf("json: %s, want %s", got, want)
		}
	}
}

// What a group printed is committed, and what it did not print is not: two runs print everything once.
func TestConsumeAsAGroup(t *testing.T) {
	c := kafkatest.Start(t, "t:3")
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprint("m", i))
	}
	c.ProduceValues("t", want...)
	var seen []string
	for _, args := range [][]string{{"--max", "70"}, {"--max", "1"}, {"--timeout", "500ms"}} {
		got := workshop(t, c.Kafka(), append([]string{"consume", "t", "--group", "g", "--from-beginning"}, args...)...).OK(t)
		lines := strings.Fields(got.Stdout)
		admintest.Contains(t, got.Stderr, session.Count(len(lines), "message"))
		seen = append(seen, lines...)
	}
	slices.Sort(want)
	if slices.Sort(seen); !slices.Equal(seen, want) {
		t.Errorf("%d messages in three runs, %d different, want each of 300 once", len(seen), len(slices.Compact(seen)))
	}
	var left int64
	for _, p := range root.GroupProgress(t, c.Kafka(), "g") {
		left += *p.Unread
	}
	if left != 0 {
		t.Errorf("%d are unread", left)
	}
}

// full is a standard output that takes nothing: a disk that is full, or «consume | head».
type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

// A group's offset must not pass what could not be printed.
func TestConsumeIntoNowhere(t *testing.T) {
	c := kafkatest.Start(t, "t:1")
	c.ProduceValues("t", "1", "2")
	for _, args := range [][]string{{}, {"--to-end"}, {"--group", "g"}, {"--group", "g", "--max", "1"}} {
		cmd := NewConsumeCommand(&session.Tool{
			Stdout: full{}, Stderr: &kafkatest.Output{}, Cluster: func(string) (kafka.Cluster, error) { return c.Kafka(), nil },
		})
		cmd.SilenceUsage, cmd.SilenceErrors = true, true
		cmd.SetArgs(append([]string{"t", "--from-beginning"}, args...))
		ctx, cancel := context.WithTimeout(t.Context(), kafkatest.Deadline)
		if err := cmd.ExecuteContext(ctx); ctx.Err() != nil || !errors.Is(err, errFull) {
			t.Errorf("%v: %v, want %v", args, err, errFull)
		}
		cancel()
	}
	if at := c.Committed("g", "t", 0); at > 0 {
		t.Errorf("the group's offset is %d, and nothing was printed", at)
	}
}

func TestWrongUseOfConsume(t *testing.T) {
	c := kafkatest.Start(t, "transactions:1")
	c.ProduceValues("transactions", "1")
	for _, r := range []struct {
		args, want string
		usage      bool
	}{
		{"transaction", "topic transaction does not exist; did you mean transactions?", false},
		{"transactions --partition 1", "topic transactions has no partition 1", false},
		{"transactions --partition 0 --offset 2", "partition 0 has no offset 2: its log begins with 0, and the next message will be 1", false},
		{"transactions --offset 1", "give --partition too", true},
		{"transactions --partition 0 --offset -0", "accepted: earliest", true},
		{"transactions --offset soon", "accepted: earliest", true},
		{"transactions --isolation none", "accepted: read_committed, read_uncommitted", true},
		{"transactions --max -1", "cannot be less than 0", true},
		{"transactions -o yaml", "accepted: table, json", true},
	} {
		got := workshop(t, c.Kafka(), append([]string{"consume"}, strings.Fields(r.args)...)...)
		got.Fails(t, r.want)
		if admintest.IsUsage(got.Err) != r.usage {
			t.Errorf("%s: wrong use %t, want %t", r.args, admintest.IsUsage(got.Err), r.usage)
		}
	}
	began := time.Now()
	workshop(t, kafka.Cluster{Brokers: []string{"127.0.0.1:1"}}, "consume", "t").Fails(t, "connection refused; start the cluster")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
