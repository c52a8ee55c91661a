// Package coordinator asks the brokers that coordinate consumer groups: which groups there are, who their members are, and
// how far they have read.
package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

// The types of groups, by the protocol that their members speak.
const (
	classic  = "classic"
	consumer = "consumer" // KIP-848
	Share    = "share"    // KIP-932
)

// Group is a group as its coordinator describes it.
type Group struct {
	Name     string
	Kind     string // classic, consumer or [Share]
	State    string
	Assignor string
	Members  []Member // sorted by id
}

// Member is a member of a group whose session has not ended.
type Member struct {
	MemberID   string             `json:"memberId"`
	InstanceID *string            `json:"instanceId"`
	ClientID   string             `json:"clientId"`
	Host       string             `json:"host"`
	Partitions map[string][]int32 `json:"partitions"`
	// Target is what the member is to have, where that is something else: the coordinator of a group of the consumer type hands a partition
	// over when the member that had it has let it go. A member that works for long at a batch holds it up.
	Target map[string][]int32 `json:"target,omitempty"`

	Subscribed []string `json:"-"` // topics
}

// Describe describes the named groups, in that order. It fails if one does not exist or is of a type that is not [Known].
// Each type has a request of its own, so Describe first asks the coordinators for the types.
func Describe(ctx context.Context, s *session.Session, names ...string) ([]Group, error) {
	kinds, err := kinds(ctx, s, names)
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	ofClassic := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return kinds[name] != classic })
	found, err := classicGroups(ctx, s, ofClassic)
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	inOrder := make([]Group, len(names))
	for i, name := range names {
		g, ok := found[name]
		switch kind := kinds[name]; {
		case ok:
		case kind == consumer:
			if g, err = consumerGroup(ctx, s, name); err != nil {
				return nil, fmt.Errorf("describe group %s: %w", name, err)
			}
		case kind == Share:
			if g, err = shareGroup(ctx, s, name); err != nil {
				return nil, fmt.Errorf("describe group %s: %w", name, err)
			}
		case kind == "" || kind == classic:
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
				kinds[name] = cmp.Or(listed[i].Type, classic) // brokers before 3.8 do not tell: they have no other
			}
			return nil
		})
		if err != nil {
			return nil, kafka.Denied(err, kafka.Right{Operation: "Describe", Resource: "group", Name: name})
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

var errJoined = errors.New("a member has joined it meanwhile: stop it first")

// CheckInactive returns an error if the group has members.
func (g Group) CheckInactive() error {
	if len(g.Members) == 0 {
		return nil
	}
	var who []string
	for _, m := range g.Members {
		who = append(who, service.Safe(m.ClientID)+"@"+m.Host)
	}
	return fmt.Errorf("it has %s (%s): stop them first; one that was killed counts until its session ends, some seconds later",
		session.Count(len(g.Members), "active member"), strings.Join(who, ", "))
}
