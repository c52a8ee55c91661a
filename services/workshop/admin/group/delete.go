package group

import (
	"context"

	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/session"
)

func newDeleteCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete GROUP...",
		Short: "Delete groups with their offsets",
		Long: `delete forgets the groups and how far they had read. It asks nothing, so the names have to be exact. Nothing is
deleted where one of them does not exist, or has members.`,
		Example: "  workshop groups delete group1",
		Args:    session.Some("groups"),
	}
	t.Bind(cmd, func(ctx context.Context, o *session.Options, names []string) error {
		o.Changes = true
		return session.Do(ctx, o, func(ctx context.Context, s *session.Session) error {
			return coordinator.Delete(ctx, s, names, func(name string) { t.Say("%s deleted", name) })
		})
	})
	return cmd
}
