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
	classic  = "classic"
	consumer = "consumer" // KIP-848
)

// group is a group as its coordinator describes it.
type group struct {
	name     string
	kind     string // classic or consumer
	state    string
	assignor string
	members  []groupMember // by their ids
}

// groups describes groups of these names, or fails where one does not exist. Each type has a request of its
// own, so their coordinators are asked for the types first.
func (s *session) groups(ctx context.Context, names ...string) ([]group, error) {
	kinds, err := s.kinds(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	ofClassic := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return kinds[name] != classic })
	found, err := s.classicGroups(ctx, ofClassic)
	if err != nil {
		return nil, fmt.Errorf("describe groups: %w", err)
	}
	inOrder := make([]group, len(names))
	for i, name := range names {
		g, ok := found[name]
		switch kind := kinds[name]; {
		case ok:
		case kind == consumer:
			if g, err = s.consumerGroup(ctx, name); err != nil {
				return nil, fmt.Errorf("describe group %s: %w", name, err)
			}
		case kind == "" || kind == classic:
			return nil, s.noSuchGroup(name)
		default:
			return nil, fmt.Errorf("group %s is of the type %s: use Kafka's own tool for those (kafka-%[2]s-groups.sh)", name, kind)
		}
		inOrder[i] = g
	}
	return inOrder, nil
}

// kinds are the types of those of the groups that exist.
func (s *session) kinds(ctx context.Context, names []string) (map[string]string, error) {
	kinds := map[string]string{}
	for _, name := range names {
		err := s.again(ctx, func() error {
			coordinator, err := s.client.Coordinator(name)
			if err != nil {
				return err
			}
			listed, err := s.listOf(coordinator)
			if err != nil {
				s.client.RefreshCoordinator(name)
				return err
			}
			if i := slices.IndexFunc(listed, func(l listedGroup) bool { return l.Group == name }); i >= 0 {
				kinds[name] = cmp.Or(listed[i].Type, classic) // brokers before 3.8 do not tell: they have no other
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return kinds, nil
}

func (s *session) noSuchGroup(name string) error {
	known, _ := s.listGroups() // only for the names that are near
	var all []string
	for _, g := range known {
		all = append(all, g.Group)
	}
	return missing("group", name, all, "«workshop groups list» names all")
}

// classicGroups are those of the names that are of the classic type.
func (s *session) classicGroups(ctx context.Context, names []string) (map[string]group, error) {
	var described []*sarama.GroupDescription
	err := s.again(ctx, func() (err error) {
		if described, err = s.admin.DescribeConsumerGroups(names); err == nil {
			err = groupError(described)
		}
		if err != nil {
			for _, name := range names {
				s.client.RefreshCoordinator(name)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	found := map[string]group{}
	for _, g := range described {
		if g.Err == sarama.ErrNoError && g.State != "Dead" { // Kafka's word for one that is gone
			found[g.GroupId] = group{g.GroupId, classic, g.State, g.Protocol, membersOf(g)}
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
func (s *session) consumerGroup(ctx context.Context, name string) (group, error) {
	req := sarama.NewConsumerGroupDescribeRequest(s.client.Config().Version)
	req.GroupIDs = []string{name}
	var g sarama.ConsumerGroupDescription
	err := s.again(ctx, func() error {
		coordinator, err := s.client.Coordinator(name)
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
			s.client.RefreshCoordinator(name)
		}
		return err
	})
	if err != nil {
		return group{}, err
	}
	topics, err := s.topicNames()
	if err != nil {
		return group{}, err
	}
	members := []groupMember{}
	for _, m := range g.Members {
		member := groupMember{m.MemberID, m.InstanceID, m.ClientID, hostOf(m.ClientHost), map[string][]int32{}, m.SubscribedTopicNames}
		for _, t := range m.Assignment.TopicPartitions {
			member.Partitions[cmp.Or(t.TopicName, topics[t.TopicID], t.TopicID.String())] = slices.Sorted(slices.Values(t.Partitions))
		}
		members = append(members, member)
	}
	slices.SortFunc(members, func(a, b groupMember) int { return cmp.Compare(a.MemberID, b.MemberID) })
	return group{name, consumer, g.GroupState, g.AssignorName, members}, nil
}

// topicNames are the topics by their ids: the embedded cluster assigns partitions without naming topics.
func (s *session) topicNames() (map[sarama.Uuid]string, error) {
	meta, err := s.metadata()
	if err != nil {
		return nil, err
	}
	names := map[sarama.Uuid]string{}
	for _, t := range meta.Topics {
		names[t.Uuid] = t.Name
	}
	return names, nil
}

// groupMember is one that reads now, or whose session has not ended yet.
type groupMember struct {
	MemberID   string             `json:"memberId"`
	InstanceID *string            `json:"instanceId"`
	ClientID   string             `json:"clientId"`
	Host       string             `json:"host"`
	Partitions map[string][]int32 `json:"partitions"`

	wants []string // topics that it has subscribed to
}

// membersOf are the members of a classic group.
func membersOf(g *sarama.GroupDescription) []groupMember {
	members := []groupMember{}
	for _, m := range g.Members {
		member := groupMember{m.MemberId, m.GroupInstanceId, m.ClientId, hostOf(m.ClientHost), map[string][]int32{}, nil}
		// A group that rebalances has none yet, and one that is no consumers' has something else there.
		if a, err := m.GetMemberAssignment(); err == nil && a != nil {
			for topic, partitions := range a.Topics {
				member.Partitions[topic] = slices.Sorted(slices.Values(partitions))
			}
		}
		if wants, err := m.GetMemberMetadata(); err == nil && wants != nil {
			member.wants = wants.Topics
		}
		members = append(members, member)
	}
	slices.SortFunc(members, func(a, b groupMember) int { return cmp.Compare(a.MemberID, b.MemberID) })
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
