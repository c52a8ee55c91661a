package admin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// produce is the command that sends lines.
type produce struct {
	*Options
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

// ProduceCommand is «workshop produce».
func ProduceCommand(t *Tool) *cobra.Command {
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
		Args: One("topic"),
	}
	BootstrapFlag(cmd)
	p.Options = t.Bind(cmd, func(ctx context.Context, _ *Options, args []string) error {
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
	flags.StringVarP(&p.Output, "output", "o", "table", "table, or json: where each message stands, an object a line")
	NoDefault(cmd, "partition")
	cmd.RegisterFlagCompletionFunc("acks", cobra.FixedCompletions([]cobra.Completion{"all", "1", "0"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"key-separator", "partition", "header"} {
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
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
	_, err := Ask(ctx, p.Options, func(_ context.Context, s *Session) (struct{}, error) {
		topic, err := s.Topic(p.topic)
		if err == nil && int(p.partition) >= len(topic.Partitions) {
			err = NoPartition(topic, p.partition)
		}
		return struct{}{}, err
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
	defer service.CloseWithin(service.CloseTimeout, client)
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

// send sends the lines and waits for what becomes of each.
func (p *produce) send(ctx context.Context, producer sarama.AsyncProducer) error {
	collected := make(chan struct{})
	go func() { defer close(collected); p.collect(producer) }()
	readErr := p.feed(ctx, producer)
	producer.AsyncClose()
	stopping := ctx.Done()
	var late <-chan struct{}
	for waiting := true; waiting; {
		select {
		case <-collected:
			waiting = false
		case <-late:
			waiting = false
		case <-stopping:
			given, cancel := context.WithTimeout(context.Background(), service.Grace-service.CloseTimeout)
			defer cancel()
			stopping, late = nil, given.Done()
		}
	}
	sent, acknowledged, failed := p.counts()
	line := Count(acknowledged, "message") + " acknowledged"
	if p.acks == "0" {
		line = Count(acknowledged, "message") + " sent, and with acks=0 nobody knows whether they arrived"
	}
	if failed > 0 {
		line += fmt.Sprintf(", %d failed", failed)
	}
	if unknown := sent - acknowledged - failed; unknown > 0 {
		line += fmt.Sprintf(", %d without an answer: they may be in the topic or not", unknown)
	}
	p.Note("%s", line)
	p.printed(p.report.rest(p.Stdout))
	switch {
	case readErr != nil:
		return fmt.Errorf("produce to %s: read standard input: %w", p.topic, readErr)
	case acknowledged < sent:
		return fmt.Errorf("produce to %s: %d of %d lines were not acknowledged", p.topic, sent-acknowledged, sent)
	}
	return p.printError()
}

// feed hands the lines to the producer, until they or ctx end.
func (p *produce) feed(ctx context.Context, producer sarama.AsyncProducer) error {
	type line struct {
		text []byte
		err  error
	}
	lines := make(chan line)
	go func() { // reads on its own: nothing interrupts a read from a terminal
		in := bufio.NewReaderSize(p.Stdin, 64<<10)
		for {
			text, err := in.ReadBytes('\n')
			select {
			case lines <- line{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case l := <-lines:
			if len(l.text) > 0 {
				if msg := p.message(l.text); msg != nil {
					select {
					case producer.Input() <- msg:
					case <-ctx.Done():
						p.fail(msg.Metadata.(int64), errors.New("interrupted before it was sent"))
						return nil
					}
				}
			}
			if errors.Is(l.err, io.EOF) {
				return nil
			}
			if l.err != nil {
				return l.err
			}
		}
	}
}

// message is the message of a line; nil where it is not as it should be.
func (p *produce) message(line []byte) *sarama.ProducerMessage {
	number := p.begin()
	value := bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	msg := &sarama.ProducerMessage{Topic: p.topic, Partition: p.partition, Headers: p.parsed, Metadata: number}
	if p.keySeparator != "" {
		key, rest, ok := bytes.Cut(value, []byte(p.keySeparator))
		if !ok {
			p.fail(number, fmt.Errorf("there is no %q in it, which --key-separator wants between key and value", p.keySeparator))
			return nil
		}
		msg.Key, value = sarama.ByteEncoder(key), rest
	}
	msg.Value = sarama.ByteEncoder(value)
	return msg
}

// collect notes what becomes of each message.
func (p *produce) collect(producer sarama.AsyncProducer) {
	successes, errs := producer.Successes(), producer.Errors()
	for successes != nil || errs != nil {
		select {
		case msg, ok := <-successes:
			if !ok {
				successes = nil
				continue
			}
			p.acknowledge()
			p.place(msg)
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			p.fail(err.Msg.Metadata.(int64), err.Err)
		}
	}
}

// place says where a message stands, where that was asked for.
func (p *produce) place(msg *sarama.ProducerMessage) {
	number := msg.Metadata.(int64)
	var key []byte
	if msg.Key != nil {
		key, _ = msg.Key.Encode() // bytes, which have no error
	}
	switch {
	case p.Output == "json":
		line := struct {
			Line      int64   `json:"line"`
			Partition int32   `json:"partition"`
			Offset    int64   `json:"offset"`
			Key       *string `json:"key"`
			KeyBase64 string  `json:"keyBase64,omitempty"`
		}{Line: number, Partition: msg.Partition, Offset: msg.Offset}
		line.Key, line.KeyBase64 = JSONText(key)
		var text strings.Builder
		p.printed(WriteJSON(&text, line, ""))
		p.printed(p.report.line(p.Stdout, number, text.String()))
	case p.verbose:
		text := fmt.Sprintf("line %d: partition %d, offset %d", number, msg.Partition, msg.Offset)
		if msg.Key != nil {
			text += ", key " + Quoted(key)
		}
		p.printed(p.report.line(p.Stdout, number, text+"\n"))
	}
}
