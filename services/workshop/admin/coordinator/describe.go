// Package coordinator asks the brokers that coordinate consumer groups: which groups there are, who their members are, and
// how far they have read.
package coordinator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

// Types of groups: the protocol that their members speak.
const (
	Classic  = "classic"
	Consumer = "consumer" // KIP-848
)

// Group is a group as its coordinator describes it.
type Group struct {
	Name     string
	Kind     string // classic or consumer
	State    string
	Assignor string
	Members  []Member // by their ids
}

// Member is one that reads now, or whose session has not ended yet.
type Member struct {
	MemberID   string             `json:"memberId"`
	InstanceID *string            `json:"instanceId"`
	ClientID   string             `json:"clientId"`
	Host       string             `json:"host"`
	Partitions map[string][]int32 `json:"partitions"`

	Wants []string `json:"-"` // topics that it has subscribed to
}

// Describe describes groups of these names, or fails where one does not exist. Each type has a request of its
// own, so their coordinators are asked for the types first.
func Describe(ctx context.Context, s *session.Session, names ...string) ([]Group, error) {
	kinds, err := kinds(ctx, s, names)
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	ofClassic := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return kinds[name] != Classic })
	found, err := classicGroups(ctx, s, ofClassic)
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	inOrder := make([]Group, len(names))
	for i, name := range names {
		g, ok := found[name]
		switch kind := kinds[name]; {
		case ok:
		case kind == Consumer:
			if g, err = consumerGroup(ctx, s, name); err != nil {
				return nil, fmt.Errorf("describe group %s: %w", name, err)
			}
		case kind == "" || kind == Classic:
			return nil, noSuchGroup(s, name)
		default:
			return nil, fmt.Errorf("group %s is of the type %s: use Kafka's own tool for those (kafka-%[2]s-groups.sh)", name, kind)
		}
		inOrder[i] = g
	}
	return inOrder, nil
}

// kinds are the types of those of the groups that exist.
func kinds(ctx context.Context, s *session.Session, names []string) (map[string]string, error) {
	kinds := map[string]string{}
	for _, name := range names {
		err := s.Retry(ctx, func() error {
			coordinator, err := s.Client.Coordinator(name)
			if err != nil {
				return err
			}
			listed, err := listOf(s, coordinator)
			if err != nil {
				s.Client.RefreshCoordinator(name)
				return err
			}
			if i := slices.IndexFunc(listed, func(l Listed) bool { return l.Group == name }); i >= 0 {
				kinds[name] = cmp.Or(listed[i].Type, Classic) // brokers before 3.8 do not tell: they have no other
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return kinds, nil
}

func noSuchGroup(s *session.Session, name string) error {
	known, _ := List(s) // only for the names that are near
	var all []string
	for _, g := range known {
		all = append(all, g.Group)
	}
	return session.Missing("group", name, all, "«workshop groups list» names all")
}

// CheckInactive fails where the group has members.
func CheckInactive(g Group) error {
	if len(g.Members) == 0 {
		return nil
	}
	var who []string
	for _, m := range g.Members {
		who = append(who, service.Safe(m.ClientID)+" on "+m.Host)
	}
	return fmt.Errorf("it has %s (%s): stop them first; one that was killed counts until its session ends, some seconds later",
		session.Count(len(g.Members), "active member"), strings.Join(who, ", "))
}
