package deadletter

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/format"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

func newShowCommand(t *session.Tool) *cobra.Command {
	var limit int64
	cmd := &cobra.Command{
		Use:   "show TOPIC",
		Short: "Show dead letters: the message, where it came from, and why it was refused",
		Example: `  workshop dlq show transactions.dlq
  workshop dlq show ECOMMERCE_DEADLETTER
  workshop dlq show transactions.dlq --max 100 -o json | jq -r .letter.reason | sort | uniq -c`,
		Args: session.One("topic"),
	}
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, args []string) error {
		if limit < 1 {
			return service.UsageError("--max has to be at least 1")
		}
		o.Needs("Read", "topic", args[0])
		letters, err := session.Ask(ctx, o, func(ctx context.Context, s *session.Session) ([]*sarama.ConsumerMessage, error) {
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
	o.LinesFlag(cmd, "an object a line")
	cmd.Flags().Int64Var(&limit, "max", 10, "how many letters, from the oldest on")
	return cmd
}

// readLetters reads the oldest letters of a topic.
func readLetters(ctx context.Context, s *session.Session, topic string, limit int64) ([]*sarama.ConsumerMessage, error) {
	if err := isLetters(s, topic); err != nil {
		return nil, err
	}
	spans, err := letterSpans(ctx, s, topic, nil)
	if err != nil {
		return nil, err
	}
	var letters []*sarama.ConsumerMessage
	for _, p := range offset.SortedPlaces(spans) {
		err := offset.Read(ctx, s.Client, p, spans[p], sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
			if letters = append(letters, msg); int64(len(letters)) >= limit {
				return offset.ErrEnough
			}
			return nil
		})
		if errors.Is(err, offset.ErrEnough) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return letters, nil
}

func showLetter(o *session.Options, msg *sarama.ConsumerMessage) error {
	l, original := letterOf(msg)
	l, value := unwrap(msg, l)
	if o.Output == "json" {
		return session.WriteJSON(o.Stdout, struct {
			format.Message
			Letter letter `json:"letter"`
		}{format.NewMessage(msg), l}, "")
	}
	err := o.Say("%s, partition %d, offset %d", msg.Topic, msg.Partition, msg.Offset)
	line := func(pt, en, text string) {
		if err == nil {
			err = o.Line(fmt.Sprintf("  %-8s %s", o.In(service.Text{PT: pt, EN: en}), text))
		}
	}
	sentence := func(pt, en, text string) { // folded; what a message holds stays whole
		name := o.In(service.Text{PT: pt, EN: en})
		for _, part := range fold.Line(fmt.Sprintf("  %-8s %s", name, text), o.Width(), len("  refused  ")) {
			if err == nil {
				err = o.Line(part)
			}
		}
	}
	if l.Topic == "" {
		sentence("de", "from", o.Words("unknown: it has no header dlq.topic, so no service of the workshop wrote it"))
	} else {
		from := o.Words("%s, partition %s, offset %s", l.Topic, l.Partition, l.Offset)
		if l.Timestamp != "" {
			from = o.Words("%s, partition %s, offset %s, written %s", l.Topic, l.Partition, l.Offset, l.Timestamp)
		}
		sentence("de", "from", from)
		sentence("motivo", "reason", l.Reason+": "+l.Error)
		sentence("recusada", "refused", o.Words("by %s at %s, attempt %s", l.Service, l.At, l.Attempt))
	}
	if l.CorrelationID != "" {
		line("caminho", "path", l.CorrelationID)
	}
	line("chave", "key", format.Quoted(msg.Key))
	line("headers", "headers", format.Headers(original))
	if l.OriginalBase64 != "" {
		line("valor", "value", o.Words("in base64: %s", l.OriginalBase64))
	} else {
		line("valor", "value", format.Text(value))
	}
	return err
}
