package admin

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// result is what a command line came to.
type result struct {
	stdout, stderr string
	err            error
}

// workshop runs a command line on a cluster.
func workshop(t *testing.T, cluster kafka.Cluster, args ...string) result {
	t.Helper()
	return workshopOn(t.Context(), cluster, strings.NewReader(""), &kafkatest.Output{}, &kafkatest.Output{}, args...)
}

func workshopOn(ctx context.Context, cluster kafka.Cluster, stdin io.Reader, stdout, stderr *kafkatest.Output, args ...string) result {
	tool := &session.Tool{Stdin: stdin, Stdout: stdout, Stderr: stderr, Cluster: func(string) (kafka.Cluster, error) { return cluster, nil }}
	err := rootOf(tool, args).ExecuteContext(ctx)
	return result{stdout.String(), stderr.String(), err}
}

// rootOf is the command line with all commands.
func rootOf(tool *session.Tool, args []string) *cobra.Command {
	root := &cobra.Command{Use: "workshop", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(Commands(tool)...)
	tool.Standard = testTopics()
	root.AddCommand(ResetCommand(tool, testLabs))
	root.SetOut(tool.Stdout)
	root.SetErr(tool.Stderr)
	root.SetArgs(args)
	return root
}

// ok wants the command to have gone well.
func (r result) ok(t *testing.T) result {
	t.Helper()
	if r.err != nil {
		t.Fatalf("error: %v\n%s%s", r.err, r.stdout, r.stderr)
	}
	return r
}

// fails wants an error with this text, and nothing on standard output.
func (r result) fails(t *testing.T, want string) {
	t.Helper()
	if r.err == nil || !strings.Contains(r.err.Error(), want) || r.stdout != "" {
		t.Errorf("error %v, want one with %q, and no output; got:\n%s%s", r.err, want, r.stdout, r.stderr)
	}
}

// prints wants exactly this output.
func (r result) prints(t *testing.T, want string) {
	t.Helper()
	r.ok(t)
	if r.stdout != want {
		t.Errorf("output:\n%s\nwant:\n%s", r.stdout, want)
	}
}

// contains wants a text in one of the outputs.
func contains(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("the output lacks %q:\n%s", want, got)
	}
}

// columns squeezes the blanks between columns, which the widest value decides.
func columns(table string) string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// isUsage reports whether an error exits with 2.
func isUsage(err error) bool {
	_, ok := errors.AsType[service.UsageError](err)
	return ok
}

// commit sets a group's offset, as a consumer that has gone since.
func commit(t *testing.T, c *kafkatest.Cluster, group, topic string, partition int32, at int64) {
	t.Helper()
	s := open(t, c)
	if err := coordinator.SetOffsets(s, group, map[offset.Place]int64{{Topic: topic, Partition: partition}: at}); err != nil {
		t.Fatal(err)
	}
}

// open is a connection for a test's own questions.
func open(t *testing.T, c *kafkatest.Cluster) *session.Session {
	t.Helper()
	s, err := session.Connect(t.Context(), c.Kafka(), c.Kafka().AdminConfig("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// join makes a member of a group, which stays until the test ends or leave is called.
func join(t *testing.T, c *kafkatest.Cluster, group, topic string) (leave func()) {
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
	in, done := make(idle), make(chan struct{})
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

// idle is a member that reads nothing; it sends once when it has joined.
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
