package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"
)

func newGroupDeleteCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete GROUP...",
		Short: "Delete groups with their offsets",
		Long: `delete forgets the groups and how far they had read. It asks nothing, so the names have to be exact. Nothing is
deleted where one of them does not exist, or has members.`,
		Example: "  workshop groups delete group1",
		Args:    Some("groups"),
	}
	t.Bind(cmd, func(ctx context.Context, o *Options, names []string) error {
		o.Changes = true
		_, err := Ask(ctx, o, func(ctx context.Context, s *Session) (struct{}, error) {
			return struct{}{}, Delete(ctx, s, names, func(name string) { t.Say("%s deleted", name) })
		})
		return err
	})
	return cmd
}

func Delete(ctx context.Context, s *Session, names []string, deleted func(name string)) error {
	groups, err := Describe(ctx, s, names...)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := CheckInactive(g); err != nil {
			return fmt.Errorf("delete group %s: %w", g.Name, err)
		}
	}
	for _, name := range names {
		err := s.Admin.DeleteConsumerGroup(name)
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
