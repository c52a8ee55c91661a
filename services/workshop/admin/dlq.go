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
	BootstrapFlag(cmd)
	cmd.AddCommand(newDLQListCommand(t), newShowCommand(t), newReplayCommand(t))
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

func newDLQListCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead-letter topics, and how many letters each has",
		Long: `list counts letters by reading them, as offsets do not tell: markers of transactions take some. NOT-REPLAYED are
those that «workshop dlq replay» has not sent back.`,
		Example: "  workshop dlq list",
		Args:    cobra.NoArgs,
	}
	o := t.Bind(cmd, func(ctx context.Context, o *Options, _ []string) error {
		topics, err := Ask(ctx, o, func(ctx context.Context, s *Session) ([]listedLetters, error) { return listLetters(ctx, s) })
		if err != nil {
			return fmt.Errorf("list dead letters: %w", err)
		}
		return o.Print(topics, func(w io.Writer) {
			fmt.Fprintln(w, "TOPIC\tSOURCE\tLETTERS\tNOT-REPLAYED")
			for _, l := range topics {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Topic, cmp.Or(l.Source, "several"), Counted{l.Letters, l.AtLeast}, Counted{l.NotReplayed, l.AtLeast})
			}
		})
	})
	o.OutputFlag(cmd)
	return cmd
}

func listLetters(ctx context.Context, s *Session) ([]listedLetters, error) {
	meta, err := s.Metadata()
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
		all, err := countLetters(ctx, s, meta, t.Name, nil)
		if err != nil {
			return nil, err
		}
		done, err := StablyCommitted(ctx, s, replayGroup(t.Name), t)
		if err != nil {
			return nil, err
		}
		left, err := countLetters(ctx, s, meta, t.Name, done)
		if err != nil {
			return nil, err
		}
		l.Letters, l.NotReplayed, l.AtLeast = all.Messages, left.Messages, all.AtLeast || left.AtLeast
		topics = append(topics, l)
	}
	return topics, nil
}

// letterSpans are where letters are from these offsets on, or from the oldest.
func letterSpans(ctx context.Context, s *Session, meta *sarama.MetadataResponse, topic string, from map[Place]int64) (map[Place]Span, error) {
	places, err := Chosen{Topic: topic}.Places(meta)
	if err != nil {
		return nil, err
	}
	logs, err := BoundsOf(ctx, s, meta, places)
	if err != nil {
		return nil, err
	}
	spans := map[Place]Span{}
	for _, p := range places {
		log, led := logs[p]
		if !led {
			return nil, Leaderless(p)
		}
		spans[p] = Span{max(log.Start, from[p]), log.Stable}
	}
	return spans, nil
}

// countLetters counts the letters of a topic from these offsets on.
func countLetters(ctx context.Context, s *Session, meta *sarama.MetadataResponse, topic string, from map[Place]int64) (sum Counted, err error) {
	spans, err := letterSpans(ctx, s, meta, topic, from)
	if err != nil {
		return sum, err
	}
	counts, err := CountMessages(ctx, s, spans)
	for _, n := range counts {
		sum.Messages += n.Messages
		sum.AtLeast = sum.AtLeast || n.AtLeast
	}
	return sum, err
}

func newShowCommand(t *Tool) *cobra.Command {
	var limit int64
	cmd := &cobra.Command{
		Use:   "show TOPIC",
		Short: "Show dead letters: the message, where it came from, and why it was refused",
		Example: `  workshop dlq show transactions.dlq
  workshop dlq show ECOMMERCE_DEADLETTER
  workshop dlq show transactions.dlq --max 100 -o json | jq -r .letter.reason | sort | uniq -c`,
		Args: One("topic"),
	}
	o := t.Bind(cmd, func(ctx context.Context, o *Options, args []string) error {
		if limit < 1 {
			return service.UsageError("--max has to be at least 1")
		}
		letters, err := Ask(ctx, o, func(ctx context.Context, s *Session) ([]*sarama.ConsumerMessage, error) {
			return readLetters(ctx, s, args[0], limit+1)
		})
		if err != nil {
			return fmt.Errorf("show dead letters: %w", err)
		}
		more := int64(len(letters)) > limit
		for _, msg := range letters[:min(int64(len(letters)), limit)] {
			if err := showLetter(o, msg); err != nil {
				return err
			}
		}
		switch {
		case more:
			o.Note("there are more: --max shows them")
		case len(letters) == 0:
			o.Note("%s has no letters", args[0])
		}
		return nil
	})
	cmd.Flags().StringVarP(&o.Output, "output", "o", "table", "table, or json: an object a line")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]cobra.Completion{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().Int64Var(&limit, "max", 10, "how many letters, from the oldest on")
	cmd.RegisterFlagCompletionFunc("max", cobra.NoFileCompletions)
	return cmd
}

// readLetters reads the oldest letters of a topic.
func readLetters(ctx context.Context, s *Session, topic string, limit int64) ([]*sarama.ConsumerMessage, error) {
	if err := isLetters(s, topic); err != nil {
		return nil, err
	}
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	spans, err := letterSpans(ctx, s, meta, topic, nil)
	if err != nil {
		return nil, err
	}
	var letters []*sarama.ConsumerMessage
	for _, p := range SortedPlaces(spans) {
		if spans[p].From >= spans[p].To {
			continue
		}
		_, err := kafka.ReadTo(ctx, s.Client, p.Topic, p.Partition, spans[p].From, spans[p].To, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
			if letters = append(letters, msg); int64(len(letters)) >= limit {
				return ErrEnough
			}
			return nil
		})
		if errors.Is(err, ErrEnough) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return letters, nil
}

func showLetter(o *Options, msg *sarama.ConsumerMessage) error {
	l, original := letterOf(msg)
	l, value := unwrap(msg, l)
	if o.Output == "json" {
		return WriteJSON(o.Stdout, struct {
			Message
			Letter letter `json:"letter"`
		}{MessageOf(msg), l}, "")
	}
	err := o.Say("%s, partition %d, offset %d", msg.Topic, msg.Partition, msg.Offset)
	line := func(name, text string) {
		if err == nil {
			err = o.Say("  %-8s %s", name, text)
		}
	}
	sentence := func(name, text string) { // folded; what a message holds stays whole
		for _, part := range fold.Line(fmt.Sprintf("  %-8s %s", name, text), o.Width(), len("  refused  ")) {
			if err == nil {
				err = o.Say("%s", part)
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
	line("key", Quoted(msg.Key))
	line("headers", Headers(original))
	if l.OriginalBase64 != "" {
		line("value", "in base64: "+l.OriginalBase64)
	} else {
		line("value", Text(value))
	}
	return err
}
