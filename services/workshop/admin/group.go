package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/IBM/sarama"
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

// Describe describes groups of these names, or fails where one does not exist. Each type has a request of its
// own, so their coordinators are asked for the types first.
func Describe(ctx context.Context, s *Session, names ...string) ([]Group, error) {
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
func kinds(ctx context.Context, s *Session, names []string) (map[string]string, error) {
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

func noSuchGroup(s *Session, name string) error {
	known, _ := List(s) // only for the names that are near
	var all []string
	for _, g := range known {
		all = append(all, g.Group)
	}
	return Missing("group", name, all, "«workshop groups list» names all")
}

// classicGroups are those of the names that are of the classic type.
func classicGroups(ctx context.Context, s *Session, names []string) (map[string]Group, error) {
	var described []*sarama.GroupDescription
	err := s.Retry(ctx, func() (err error) {
		if described, err = s.Admin.DescribeConsumerGroups(names); err == nil {
			err = groupError(described)
		}
		if err != nil {
			for _, name := range names {
				s.Client.RefreshCoordinator(name)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found := map[string]Group{}
	for _, g := range described {
		if g.Err == sarama.ErrNoError && g.State != "Dead" { // Kafka's word for one that is gone
			found[g.GroupId] = Group{g.GroupId, Classic, g.State, g.Protocol, membersOf(g)}
		}
	}
	return found, nil
}

func groupError(described []*sarama.GroupDescription) error {
	for _, g := range described {
		if g.Err != sarama.ErrNoError && g.Err != sarama.ErrGroupIDNotFound {
			return fmt.Errorf("%s: %w", g.GroupId, g.Err)
		}
	}
	return nil
}

// consumerGroup describes a group of the consumer type.
func consumerGroup(ctx context.Context, s *Session, name string) (Group, error) {
	req := sarama.NewConsumerGroupDescribeRequest(s.Client.Config().Version)
	req.GroupIDs = []string{name}
	var g sarama.ConsumerGroupDescription
	err := s.Retry(ctx, func() error {
		coordinator, err := s.Client.Coordinator(name)
		if err != nil {
			return err
		}
		resp, err := coordinator.ConsumerGroupDescribe(req)
		switch {
		case err != nil:
		case len(resp.Groups) != 1:
			err = errors.New("the coordinator's answer lacks it")
		case resp.Groups[0].ErrorCode != sarama.ErrNoError:
			err = resp.Groups[0].ErrorCode
		default:
			g = resp.Groups[0]
		}
		if err != nil {
			s.Client.RefreshCoordinator(name)
		}
		return err
	})
	if err != nil {
		return Group{}, err
	}
	topics, err := topicNames(s)
	if err != nil {
		return Group{}, err
	}
	members := []Member{}
	for _, m := range g.Members {
		member := Member{m.MemberID, m.InstanceID, m.ClientID, hostOf(m.ClientHost), map[string][]int32{}, m.SubscribedTopicNames}
		for _, t := range m.Assignment.TopicPartitions {
			member.Partitions[cmp.Or(t.TopicName, topics[t.TopicID], t.TopicID.String())] = slices.Sorted(slices.Values(t.Partitions))
		}
		members = append(members, member)
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.MemberID, b.MemberID) })
	return Group{name, Consumer, g.GroupState, g.AssignorName, members}, nil
}

// topicNames are the topics by their ids: the embedded cluster assigns partitions without naming topics.
func topicNames(s *Session) (map[sarama.Uuid]string, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	names := map[sarama.Uuid]string{}
	for _, t := range meta.Topics {
		names[t.Uuid] = t.Name
	}
	return names, nil
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

// membersOf are the members of a classic group.
func membersOf(g *sarama.GroupDescription) []Member {
	members := []Member{}
	for _, m := range g.Members {
		member := Member{m.MemberId, m.GroupInstanceId, m.ClientId, hostOf(m.ClientHost), map[string][]int32{}, nil}
		// A group that rebalances has none yet, and one that is no consumers' has something else there.
		if a, err := m.GetMemberAssignment(); err == nil && a != nil {
			for topic, partitions := range a.Topics {
				member.Partitions[topic] = slices.Sorted(slices.Values(partitions))
			}
		}
		if wants, err := m.GetMemberMetadata(); err == nil && wants != nil {
			member.Wants = wants.Topics
		}
		members = append(members, member)
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.MemberID, b.MemberID) })
	return members
}

// hostOf is a member's address: brokers write a slash before it, embedded ones the port behind it.
func hostOf(address string) string {
	address = strings.TrimPrefix(address, "/")
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
