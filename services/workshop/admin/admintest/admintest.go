// Package admintest runs the commands of admin against a cluster in tests.
package admintest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// Root makes the commands that a test can run.
type Root func(*session.Tool) []*cobra.Command

// Mount returns a Root of commands.
func Mount(commands ...func(*session.Tool) *cobra.Command) Root {
	return func(t *session.Tool) (all []*cobra.Command) {
		for _, command := range commands {
			all = append(all, command(t))
		}
		return all
	}
}

// In returns a Root whose commands speak a language. Without it they speak English.
func (r Root) In(lang service.Lang) Root {
	return func(t *session.Tool) []*cobra.Command {
		t.Lang = lang
		return r(t)
	}
}

// Output is what a test reads back.
type Output interface {
	io.Writer
	fmt.Stringer
}

// Result is the outcome of a command line.
type Result struct {
	Stdout, Stderr string
	Err            error
}

// Run runs a command line on a cluster.
func (r Root) Run(t *testing.T, cluster kafka.Cluster, args ...string) Result {
	t.Helper()
	return r.RunOn(t.Context(), cluster, strings.NewReader(""), &kafkatest.Output{}, &kafkatest.Output{}, args...)
}

// RunOn is Run with a context, an input and outputs of the test.
func (r Root) RunOn(ctx context.Context, cluster kafka.Cluster, stdin io.Reader, stdout, stderr Output, args ...string) Result {
	tool := &session.Tool{Stdin: stdin, Stdout: stdout, Stderr: stderr, Cluster: func(string) (kafka.Cluster, error) { return cluster, nil }}
	root := &cobra.Command{Use: "workshop", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(r(tool)...)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return Result{stdout.String(), stderr.String(), err}
}

// Progress is how far a group has read a partition; nil means unknown.
type Progress struct{ CurrentOffset, Unread *int64 }

// GroupProgress returns the progress of a group as «groups describe» prints it. That command has to be mounted.
func (r Root) GroupProgress(t *testing.T, cluster kafka.Cluster, group string) []Progress {
	t.Helper()
	var groups []struct{ Partitions []Progress }
	if err := json.Unmarshal([]byte(r.Run(t, cluster, "groups", "describe", group, "-o", "json").OK(t).Stdout), &groups); err != nil {
		t.Fatal(err)
	}
	return groups[0].Partitions
}

// OK fails the test if the command failed.
func (r Result) OK(t *testing.T) Result {
	t.Helper()
	if r.Err != nil {
		t.Fatalf("error: %v\n%s%s", r.Err, r.Stdout, r.Stderr)
	}
	return r
}

// Fails fails the test unless the error contains a text and nothing was written to standard output.
func (r Result) Fails(t *testing.T, want string) {
	t.Helper()
	if r.Err == nil || !strings.Contains(r.Err.Error(), want) || r.Stdout != "" {
		t.Errorf("error %v, want one with %q, and no output; got:\n%s%s", r.Err, want, r.Stdout, r.Stderr)
	}
}

// Prints fails the test unless the command succeeded and wrote exactly this to standard output.
func (r Result) Prints(t *testing.T, want string) {
	t.Helper()
	r.OK(t)
	if r.Stdout != want {
		t.Errorf("output:\n%s\nwant:\n%s", r.Stdout, want)
	}
}

// Contains fails the test unless an output contains a text.
func Contains(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("the output lacks %q:\n%s", want, got)
	}
}

// Columns replaces the blanks between columns by one each, as their number depends on the widest value.
func Columns(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// PrintOn prints a table on a terminal of a width, and fails the test if a line is longer.
func PrintOn(t *testing.T, width int, table func(io.Writer)) (stdout, stderr string) {
	t.Helper()
	var out, notes kafkatest.Output
	o := &session.Options{Tool: &session.Tool{Stdout: &out, Stderr: &notes, Columns: func() int { return width }}}
	if err := o.Print(nil, table); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String() + notes.String()) {
		if n := fold.Cells(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns: a line of %d: %s", width, n, line)
		}
	}
	return out.String(), notes.String()
}

// IsUsage reports whether an error exits with 2.
func IsUsage(err error) bool {
	_, ok := errors.AsType[service.UsageError](err)
	return ok
}

// Commit commits an offset for a group without members.
func Commit(t *testing.T, c *kafkatest.Cluster, group, topic string, partition int32, at int64) {
	t.Helper()
	s := Open(t, c)
	if err := coordinator.SetOffsets(s, group, map[offset.Place]int64{{Topic: topic, Partition: partition}: at}); err != nil {
		t.Fatal(err)
	}
}

// Open returns a session for the test itself.
func Open(t *testing.T, c *kafkatest.Cluster) *session.Session {
	t.Helper()
	s, err := session.Connect(t.Context(), c.Kafka(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Join adds a member to a group. It stays until the test ends or leave is called.
func Join(t *testing.T, c *kafkatest.Cluster, group, topic string) (leave func()) {
	t.Helper()
	conf := c.Kafka().Config("member")
	member, err := sarama.NewConsumerGroup(c.ListenAddrs(), group, conf)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for range member.Errors() {
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	in, done := make(idle, 1), make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			member.Consume(ctx, []string{topic}, in)
		}
	}()
	<-in
	leave = sync.OnceFunc(func() { cancel(); <-done; member.Close() })
	t.Cleanup(leave)
	return leave
}

// idle is a member that reads nothing. It sends once when it has joined.
type idle chan struct{}

func (in idle) Setup(sarama.ConsumerGroupSession) error {
	select {
	case in <- struct{}{}:
	default: // a rebalance later on
	}
	return nil
}
func (idle) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (idle) ConsumeClaim(s sarama.ConsumerGroupSession, _ sarama.ConsumerGroupClaim) error {
	<-s.Context().Done()
	return nil
}

// Send sends messages, and waits until they are acknowledged.
func Send(t *testing.T, c *kafkatest.Cluster, msgs ...*sarama.ProducerMessage) {
	t.Helper()
	if err := c.Producer().SendMessages(msgs); err != nil {
		t.Fatal(err)
	}
}
