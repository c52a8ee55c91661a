package topic

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

func newDeleteCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete NAME...",
		Short: "Delete topics with their messages",
		Long: `delete deletes topics and every message in them, and waits until they are gone. It asks nothing, so each name has
to be exact: there are no patterns. Nothing is deleted where one of the topics does not exist or is Kafka's own.`,
		Example: "  workshop topics delete meu-topico\n  workshop topics delete meu-topico meu-topico.dlq",
		Args:    session.Some("topics"),
	}
	t.Bind(cmd, func(ctx context.Context, o *session.Options, names []string) error {
		o.Changes = true
		names = slices.Compact(slices.Sorted(slices.Values(names)))
		err := session.Do(ctx, o, func(ctx context.Context, s *session.Session) error { return s.DeleteTopics(ctx, names) })
		if err != nil {
			return fmt.Errorf("delete topics: %w", err)
		}
		for _, name := range names {
			t.Say("%s deleted", name)
		}
		return nil
	})
	return cmd
}
