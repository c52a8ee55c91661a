package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// DLQCommand is «workshop dlq».
func DLQCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dlq",
		Short: "List, show and replay dead letters: messages that a consumer could not read",
		Long: `A consumer that cannot read a message puts it into its dead-letter topic, TOPIC.dlq, with the reason in headers, and
goes on. Those of the e-commerce system share one, ECOMMERCE_DEADLETTER, in which the value is JSON for people with
the original inside. Here you see what is there, and send it back once the consumer has been mended.`,
	}
	bootstrap := bootstrapFlag(cmd)
	cmd.AddCommand(t.dlqListCommand(bootstrap), t.dlqShowCommand(bootstrap), t.dlqReplayCommand(bootstrap))
	return cmd
}

// listedLetters is a line of the list.
type listedLetters struct {
	Topic       string `json:"topic"`
	Source      string `json:"source"` // empty: each letter has its own
	Letters     int64  `json:"letters"`
	NotReplayed int64  `json:"notReplayed"`
	AtLeast     bool   `json:"atLeast,omitempty"` // counting was given up
}

func (t *Tool) dlqListCommand(bootstrap *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead-letter topics, and how many letters each has",
		Long: `list counts letters by reading them, as offsets do not tell: markers of transactions take some. NOT-REPLAYED are
those that «workshop dlq replay» has not sent back.`,
		Example: "  workshop dlq list",
		Args:    cobra.NoArgs,
	}
	o := t.options(cmd, bootstrap, func(ctx context.Context, o *options, _ []string) error {
		topics, err := ask(ctx, o, func(ctx context.Context, s *session) ([]listedLetters, error) { return s.listLetters(ctx) })
		if err != nil {
			return fmt.Errorf("list dead letters: %w", err)
		}
		return o.print(topics, func(w io.Writer) {
			fmt.Fprintln(w, "TOPIC\tSOURCE\tLETTERS\tNOT-REPLAYED")
			for _, l := range topics {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Topic, cmp.Or(l.Source, "several"), counted{l.Letters, l.AtLeast}, counted{l.NotReplayed, l.AtLeast})
			}
		})
	})
	o.outputFlag(cmd)
	return cmd
}

func (s *session) listLetters(ctx context.Context) ([]listedLetters, error) {
	meta, err := s.metadata()
	if err != nil {
		return nil, err
	}
	topics := []listedLetters{}
	for _, t := range meta.Topics {
		if !hasLetters(t.Name) {
			continue
		}
		l := listedLetters{Topic: t.Name}
		if source, own := strings.CutSuffix(t.Name, dlqSuffix); own {
			l.Source = source
		}
		all, err := s.letters(ctx, meta, t.Name, nil)
		if err != nil {
			return nil, err
		}
		done, err := s.stablyCommitted(ctx, replayGroup(t.Name), t)
		if err != nil {
			return nil, err
		}
		left, err := s.letters(ctx, meta, t.Name, done)
		if err != nil {
			return nil, err
		}
		l.Letters, l.NotReplayed, l.AtLeast = all.Messages, left.Messages, all.AtLeast || left.AtLeast
		topics = append(topics, l)
	}
	return topics, nil
}

// letterSpans are where letters are from these offsets on, or from the oldest.
func (s *session) letterSpans(ctx context.Context, meta *sarama.MetadataResponse, topic string, from map[place]int64) (map[place]span, error) {
	places, err := chosen{topic: topic}.places(meta)
	if err != nil {
		return nil, err
	}
	logs, err := s.bounds(ctx, meta, places)
	if err != nil {
		return nil, err
	}
	spans := map[place]span{}
	for _, p := range places {
		log, led := logs[p]
		if !led {
			return nil, leaderless(p)
		}
		spans[p] = span{max(log.start, from[p]), log.stable}
	}
	return spans, nil
}

// letters counts the letters of a topic from these offsets on.
func (s *session) letters(ctx context.Context, meta *sarama.MetadataResponse, topic string, from map[place]int64) (sum counted, err error) {
	spans, err := s.letterSpans(ctx, meta, topic, from)
	if err != nil {
		return sum, err
	}
	counts, err := s.count(ctx, spans)
	for _, n := range counts {
		sum.Messages += n.Messages
		sum.AtLeast = sum.AtLeast || n.AtLeast
	}
	return sum, err
}

func (t *Tool) dlqShowCommand(bootstrap *string) *cobra.Command {
	var limit int64
	cmd := &cobra.Command{
		Use:   "show TOPIC",
		Short: "Show dead letters: the message, where it came from, and why it was refused",
		Example: `  workshop dlq show transactions.dlq
  workshop dlq show ECOMMERCE_DEADLETTER
  workshop dlq show transactions.dlq --max 100 -o json | jq -r .letter.reason | sort | uniq -c`,
		Args: one("topic"),
	}
	o := t.options(cmd, bootstrap, func(ctx context.Context, o *options, args []string) error {
		if limit < 1 {
			return service.UsageError("--max has to be at least 1")
		}
		letters, err := ask(ctx, o, func(ctx context.Context, s *session) ([]*sarama.ConsumerMessage, error) {
			return s.readLetters(ctx, args[0], limit+1)
		})
		if err != nil {
			return fmt.Errorf("show dead letters: %w", err)
		}
		more := int64(len(letters)) > limit
		for _, msg := range letters[:min(int64(len(letters)), limit)] {
			if err := o.showLetter(msg); err != nil {
				return err
			}
		}
		switch {
		case more:
			o.note("there are more: --max shows them")
		case len(letters) == 0:
			o.note("%s has no letters", args[0])
		}
		return nil
	})
	cmd.Flags().StringVarP(&o.output, "output", "o", "table", "table, or json: an object a line")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().Int64Var(&limit, "max", 10, "how many letters, from the oldest on")
	cmd.RegisterFlagCompletionFunc("max", cobra.NoFileCompletions)
	return cmd
}

// readLetters reads the oldest letters of a topic.
func (s *session) readLetters(ctx context.Context, topic string, limit int64) ([]*sarama.ConsumerMessage, error) {
	if err := isLetters(s, topic); err != nil {
		return nil, err
	}
	meta, err := s.metadata()
	if err != nil {
		return nil, err
	}
	spans, err := s.letterSpans(ctx, meta, topic, nil)
	if err != nil {
		return nil, err
	}
	var letters []*sarama.ConsumerMessage
	for _, p := range sortedPlaces(spans) {
		if spans[p].from >= spans[p].to {
			continue
		}
		_, err := kafka.ReadTo(ctx, s.client, p.topic, p.partition, spans[p].from, spans[p].to, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
			if letters = append(letters, msg); int64(len(letters)) >= limit {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return letters, nil
}

func (o *options) showLetter(msg *sarama.ConsumerMessage) error {
	l, original := letterOf(msg)
	l, value := unwrap(msg, l)
	if o.output == "json" {
		return writeJSON(o.Stdout, struct {
			message
			Letter letter `json:"letter"`
		}{messageOf(msg), l}, "")
	}
	err := o.say("%s, partition %d, offset %d", msg.Topic, msg.Partition, msg.Offset)
	line := func(name, text string) {
		if err == nil {
			err = o.say("  %-8s %s", name, text)
		}
	}
	sentence := func(name, text string) { // folded; what a message holds stays whole
		for _, part := range fold.Line(fmt.Sprintf("  %-8s %s", name, text), o.columns(), len("  refused  ")) {
			if err == nil {
				err = o.say("%s", part)
			}
		}
	}
	if l.Topic == "" {
		sentence("from", "unknown: it has no header dlq.topic, so no service of the workshop wrote it")
	} else {
		from := fmt.Sprintf("%s, partition %s, offset %s", l.Topic, l.Partition, l.Offset)
		if l.Timestamp != "" {
			from += ", written " + l.Timestamp
		}
		sentence("from", from)
		sentence("reason", l.Reason+": "+l.Error)
		sentence("refused", fmt.Sprintf("by %s at %s, attempt %s", l.Service, l.At, l.Attempt))
	}
	if l.CorrelationID != "" {
		line("way", l.CorrelationID)
	}
	line("key", readable(msg.Key))
	line("headers", readableHeaders(original))
	if l.OriginalBase64 != "" {
		line("value", "in base64: "+l.OriginalBase64)
	} else {
		line("value", text(value))
	}
	return err
}
