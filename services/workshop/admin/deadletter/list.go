package deadletter

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// listedLetters is a line of the list.
type listedLetters struct {
	Topic       string `json:"topic"`
	Source      string `json:"source"` // empty: each letter has its own
	Letters     int64  `json:"letters"`
	NotReplayed int64  `json:"notReplayed"`
	AtLeast     bool   `json:"atLeast,omitempty"` // counting was given up
}

func newListCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the dead-letter topics, and how many letters each has",
		Long: `list counts letters by reading them, as offsets do not tell: markers of transactions take some. NOT-REPLAYED are
those that «workshop dlq replay» has not sent back.`,
		Example: "  workshop dlq list",
		Args:    cobra.NoArgs,
	}
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, _ []string) error {
		topics, err := session.Ask(ctx, o, func(ctx context.Context, s *session.Session) ([]listedLetters, error) { return listLetters(ctx, s) })
		if err != nil {
			return fmt.Errorf("list dead letters: %w", err)
		}
		return o.Print(topics, func(w io.Writer) {
			fmt.Fprintln(w, "TOPIC\tSOURCE\tLETTERS\tNOT-REPLAYED")
			for _, l := range topics {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Topic, cmp.Or(l.Source, o.In(service.Text{PT: "vários", EN: "several"})),
					offset.Counted{Messages: l.Letters, AtLeast: l.AtLeast}, offset.Counted{Messages: l.NotReplayed, AtLeast: l.AtLeast})
			}
		})
	})
	o.OutputFlag(cmd)
	return cmd
}

func listLetters(ctx context.Context, s *session.Session) ([]listedLetters, error) {
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
		all, err := countLetters(ctx, s, t.Name, nil)
		if err != nil {
			return nil, err
		}
		done, err := coordinator.StablyCommitted(ctx, s, replayGroup(t.Name))
		if err != nil {
			return nil, err
		}
		left, err := countLetters(ctx, s, t.Name, done)
		if err != nil {
			return nil, err
		}
		l.Letters, l.NotReplayed, l.AtLeast = all.Messages, left.Messages, all.AtLeast || left.AtLeast
		topics = append(topics, l)
	}
	return topics, nil
}

// letterSpans returns the spans of a topic from the given offsets, or else from the oldest.
func letterSpans(ctx context.Context, s *session.Session, topic string, from map[offset.Place]int64) (map[offset.Place]offset.Span, error) {
	logs, err := offset.ChosenBounds(ctx, s, offset.Chosen{Topic: topic})
	if err != nil {
		return nil, err
	}
	spans := map[offset.Place]offset.Span{}
	for p, log := range logs {
		spans[p] = offset.Span{From: max(log.Start, from[p]), To: log.Stable}
	}
	return spans, nil
}

// countLetters counts the letters of a topic from the given offsets, or else from the oldest.
func countLetters(ctx context.Context, s *session.Session, topic string, from map[offset.Place]int64) (sum offset.Counted, err error) {
	spans, err := letterSpans(ctx, s, topic, from)
	if err != nil {
		return sum, err
	}
	counts, err := offset.Count(ctx, s, spans)
	for _, n := range counts {
		sum.Messages += n.Messages
		sum.AtLeast = sum.AtLeast || n.AtLeast
	}
	return sum, err
}
