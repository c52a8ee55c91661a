package coordinator

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// Delete deletes groups with their offsets, and calls deleted after each. It deletes nothing if one of them does not exist or has
// members.
func Delete(ctx context.Context, s *session.Session, names []string, deleted func(name string)) error {
	groups, err := Describe(ctx, s, names...)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := g.CheckInactive(); err != nil {
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
