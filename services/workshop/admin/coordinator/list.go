package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/admin/session"
)

// Listed is a group as the list of groups has it.
type Listed struct {
	Group       string `json:"group"`
	State       string `json:"state"`
	Type        string `json:"type,omitempty"` // classic, consumer or another, where the broker tells
	Protocol    string `json:"protocol"`
	Coordinator int32  `json:"coordinator"`
}

// Commits reports whether the group commits offsets. Share groups do not.
func (l Listed) Commits() bool { return l.Known() && l.Type != Share }

// Known reports whether [Describe] knows groups of this type.
func (l Listed) Known() bool { return slices.Contains([]string{"", classic, consumer, Share}, l.Type) }

// List returns all groups, sorted by name. Each broker is asked for those that it coordinates. The error names the brokers that did
// not answer; the groups of the others are returned all the same.
func List(s *session.Session) ([]Listed, error) {
	brokers := s.Client.Brokers()
	found := make([][]Listed, len(brokers))
	errs := make([]error, len(brokers))
	var wg sync.WaitGroup
	for i, b := range brokers {
		wg.Go(func() {
			found[i], errs[i] = listOf(s, b)
		})
	}
	wg.Wait()
	groups := append([]Listed{}, slices.Concat(found...)...)
	slices.SortFunc(groups, func(a, b Listed) int { return cmp.Compare(a.Group, b.Group) })
	return groups, errors.Join(errs...)
}

// listOf are the groups that a broker coordinates.
func listOf(s *session.Session, b *sarama.Broker) ([]Listed, error) {
	b.Open(s.Client.Config()) // an error means that it is open already, or shows in the next line
	resp, err := b.ListGroups(&sarama.ListGroupsRequest{Version: 5})
	if err == nil && resp.Err != sarama.ErrNoError {
		err = resp.Err
	}
	if err != nil {
		return nil, fmt.Errorf("broker %d at %s: %w", b.ID(), b.Addr(), err)
	}
	var groups []Listed
	for name, protocol := range resp.Groups {
		data := resp.GroupsData[name]
		groups = append(groups, Listed{name, data.GroupState, strings.ToLower(data.GroupType), protocol, b.ID()})
	}
	return groups, nil
}

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
			err = errJoined
		}
		if err != nil {
			err = kafka.Denied(err, kafka.Right{Operation: "Delete", Resource: "group", Name: name})
			return fmt.Errorf("delete group %s: %w", name, err)
		}
		deleted(name)
	}
	return nil
}
