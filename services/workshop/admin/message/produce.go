// Package message is the commands «workshop produce» and «workshop consume».
package message

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// produce is the command that sends lines.
type produce struct {
	*session.Options
	topic        string
	keySeparator string
	partition    int32 // -1: by key
	acks         string
	headers      []string
	verbose      bool

	parsed []sarama.RecordHeader
	report report
	outcome
}

var acksByName = map[string]sarama.RequiredAcks{"all": sarama.WaitForAll, "1": sarama.WaitForLocal, "0": sarama.NoResponse}

// NewProduceCommand returns the command «workshop produce».
func NewProduceCommand(t *session.Tool) *cobra.Command {
	p := &produce{}
	cmd := &cobra.Command{
		Use:   "produce TOPIC",
		Short: "Send each line of standard input as a message",
		Long: `produce sends each line of standard input as the value of a message, and says at the end, on standard error, how
many were acknowledged. The exit code is 0 only if all of them were. End the input with Ctrl-D (on Windows Ctrl-Z).

With --key-separator the text before its first occurrence is the key: messages of a key go to one partition, the same
as from Java and Python clients, and stay in order there. Without a key the partition is random.`,
		Example: `  echo hello | workshop produce meu-topico
  workshop produce meu-topico --key-separator : --verbose     then type lines such as  joão:20
  workshop produce meu-topico --partition 1 --header source=me < lines.txt
  seq 100000 | workshop produce meu-topico --acks 1`,
		Args: session.One("topic"),
	}
	session.BootstrapFlag(cmd)
	p.Options = t.Bind(cmd, func(ctx context.Context, _ *session.Options, args []string) error {
		p.topic = args[0]
		if cmd.Flags().Changed("partition") && p.partition < 0 || cmd.Flags().Changed("key-separator") && p.keySeparator == "" {
			return service.UsageError("--partition cannot be less than 0, and --key-separator not empty")
		}
		return p.run(ctx)
	})
	flags := cmd.Flags()
	flags.StringVar(&p.keySeparator, "key-separator", "", "what stands between key and value (default: lines have no key)")
	flags.Int32Var(&p.partition, "partition", -1, "send to this partition, whatever the key")
	flags.StringArrayVar(&p.headers, "header", nil, "a header for each message, NAME=VALUE; may be given several times")
	flags.StringVar(&p.acks, "acks", "all", "how many replicas have a message when it counts as sent: all, 1 or 0")
	flags.BoolVarP(&p.verbose, "verbose", "v", false, "print where each message stands, and its key, in the order of the lines")
	p.LinesFlag(cmd, "where each message stands, an object a line")
	session.NoDefault(cmd, "partition")
	session.Choices(cmd, "acks", "all", "1", "0")
	return cmd
}

func (p *produce) run(ctx context.Context) error {
	acks, ok := acksByName[p.acks]
	if !ok {
		return service.UsageError(fmt.Sprintf("--acks %q: accepted: all, 1, 0", p.acks))
	}
	for _, spec := range p.headers {
		name, value, ok := strings.Cut(spec, "=")
		if !ok || name == "" {
			return service.UsageError(fmt.Sprintf("--header %q: accepted: NAME=VALUE", spec))
		}
		p.parsed = append(p.parsed, sarama.RecordHeader{Key: []byte(name), Value: []byte(value)})
	}
	p.Needs("Write", "topic", p.topic)
	err := session.Do(ctx, p.Options, func(_ context.Context, s *session.Session) error {
		topic, err := s.Topic(p.topic)
		if err == nil && int(p.partition) >= len(topic.Partitions) {
			err = offset.NoPartition(topic, p.partition)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("produce to %s: %w", p.topic, err)
	}
	client, err := p.Dial(ctx, p.topic, func(conf *sarama.Config) {
		conf.Producer.RequiredAcks = acks
		conf.Producer.Idempotent = acks == sarama.WaitForAll // the others cannot be
		if p.partition >= 0 {
			conf.Producer.Partitioner = sarama.NewManualPartitioner
		}
	})
	if err != nil {
		return fmt.Errorf("produce to %s: %w", p.topic, err)
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	kafka.FitBatches(ctx, client, client.Config().Producer.MaxMessageBytes, p.topic)
	producer, err := sarama.NewAsyncProducerFromClient(client)
	if err != nil {
		return fmt.Errorf("produce to %s: %w", p.topic, err)
	}
	if file, ok := p.Stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.Note("each line is a message; Ctrl-D ends (on Windows Ctrl-Z and Enter)")
	}
	return p.send(ctx, producer)
}
