package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"
)

func (t *Tool) groupsDeleteCommand(bootstrap *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete GROUP...",
		Short: "Delete groups with their offsets",
		Long: `delete forgets the groups and how far they had read. It asks nothing, so the names have to be exact. Nothing is
deleted where one of them does not exist, or has members.`,
		Example: "  workshop groups delete group1",
		Args:    some("groups"),
	}
	t.options(cmd, bootstrap, func(ctx context.Context, o *options, names []string) error {
		o.changes = true
		_, err := ask(ctx, o, func(ctx context.Context, s *session) (struct{}, error) {
			return struct{}{}, s.deleteGroups(ctx, names, func(name string) { t.say("%s deleted", name) })
		})
		return err
	})
	return cmd
}

func (s *session) deleteGroups(ctx context.Context, names []string, deleted func(name string)) error {
	groups, err := s.groups(ctx, names...)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := inactive(g); err != nil {
			return fmt.Errorf("delete group %s: %w", g.name, err)
		}
	}
	for _, name := range names {
		err := s.admin.DeleteConsumerGroup(name)
		if errors.Is(err, sarama.ErrNonEmptyGroup) {
			err = errors.New("a member has joined it meanwhile: stop it first")
		}
		if err != nil {
			return fmt.Errorf("delete group %s: %w", name, err)
		}
		deleted(name)
	}
	return nil
}
