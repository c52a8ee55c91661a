package kafka

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"
)

// DeleteGroup deletes a group whose members have ended. Static members do not leave it when they end, and
// until their sessions do the group cannot be deleted: they are taken out first (KIP-345). One that still
// runs is thrown out too. A group that is not there is no error.
func DeleteGroup(admin sarama.ClusterAdmin, group string) error {
	described, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil {
		return fmt.Errorf("describe group %s: %w", group, err)
	}
	var names []string
	for _, g := range described {
		for _, m := range g.Members {
			if m.GroupInstanceId != nil {
				names = append(names, *m.GroupInstanceId)
			}
		}
	}
	if len(names) > 0 {
		if _, err := admin.RemoveMemberFromConsumerGroup(group, names); err != nil {
			return fmt.Errorf("take the static members out of group %s: %w", group, err)
		}
	}
	if err := admin.DeleteConsumerGroup(group); err != nil && !errors.Is(err, sarama.ErrGroupIDNotFound) {
		return fmt.Errorf("delete group %s: %w", group, err)
	}
	return nil
}
