package topic

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

// listedTopic is a line of the list.
type listedTopic struct {
	Topic             string `json:"topic"`
	Partitions        int    `json:"partitions"`
	ReplicationFactor int    `json:"replicationFactor"`
}

func newListCommand(t *session.Tool) *cobra.Command {
	var internal bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the topics of a cluster",
		Example: `  workshop topics list
  workshop topics list --internal
  workshop topics list -o json | jq -r '.[].topic'`,
		Args: cobra.NoArgs,
	}
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, _ []string) error {
		topics, err := session.Ask(ctx, o, func(_ context.Context, s *session.Session) ([]listedTopic, error) { return listTopics(s, internal) })
		if err == nil && len(topics) == 0 {
			o.NoteHidden("topic")
		}
		if err != nil {
			return fmt.Errorf("list topics: %w", err)
		}
		return o.Print(topics, func(w io.Writer) {
			fmt.Fprintln(w, "TOPIC\tPARTITIONS\tREPLICATION FACTOR")
			for _, t := range topics {
				fmt.Fprintf(w, "%s\t%d\t%d\n", t.Topic, t.Partitions, t.ReplicationFactor)
			}
		})
	})
	o.OutputFlag(cmd)
	cmd.Flags().BoolVar(&internal, "internal", false, "also Kafka's own topics, whose names begin with __")
	return cmd
}

func listTopics(s *session.Session, internal bool) ([]listedTopic, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	topics := []listedTopic{} // not nil: [] in JSON
	for _, t := range meta.Topics {
		if internal || !session.IsInternal(t) {
			topics = append(topics, listedTopic{t.Name, len(t.Partitions), session.ReplicationFactor(t)})
		}
	}
	return topics, nil
}
