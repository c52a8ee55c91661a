package admin

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// listedTopic is a line of the list.
type listedTopic struct {
	Topic             string `json:"topic"`
	Partitions        int    `json:"partitions"`
	ReplicationFactor int    `json:"replicationFactor"`
}

func (t *Tool) listCommand(bootstrap *string) *cobra.Command {
	var internal bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the topics of a cluster",
		Example: `  workshop topics list
  workshop topics list --internal
  workshop topics list -o json | jq -r '.[].topic'`,
		Args: cobra.NoArgs,
	}
	o := t.options(cmd, bootstrap, func(ctx context.Context, o *options, _ []string) error {
		topics, err := ask(ctx, o, func(_ context.Context, s *session) ([]listedTopic, error) { return s.listTopics(internal) })
		if err != nil {
			return fmt.Errorf("list topics: %w", err)
		}
		return o.print(topics, func(w io.Writer) {
			fmt.Fprintln(w, "TOPIC\tPARTITIONS\tREPLICATION FACTOR")
			for _, t := range topics {
				fmt.Fprintf(w, "%s\t%d\t%d\n", t.Topic, t.Partitions, t.ReplicationFactor)
			}
		})
	})
	o.outputFlag(cmd)
	cmd.Flags().BoolVar(&internal, "internal", false, "also Kafka's own topics, whose names begin with __")
	return cmd
}

func (s *session) listTopics(internal bool) ([]listedTopic, error) {
	meta, err := s.metadata()
	if err != nil {
		return nil, err
	}
	topics := []listedTopic{} // not nil: [] in JSON
	for _, t := range meta.Topics {
		if internal || !isInternal(t) {
			topics = append(topics, listedTopic{t.Name, len(t.Partitions), replicationFactor(t)})
		}
	}
	return topics, nil
}
