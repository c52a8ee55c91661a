package coordinator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// classicGroups are those of the names that are of the classic type.
func classicGroups(ctx context.Context, s *session.Session, names []string) (map[string]Group, error) {
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
			found[g.GroupId] = Group{g.GroupId, classic, g.State, g.Protocol, membersOf(g)}
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

// membersOf are the members of a classic group.
func membersOf(g *sarama.GroupDescription) []Member {
	members := []Member{}
	for _, m := range g.Members {
		member := Member{m.MemberId, m.GroupInstanceId, m.ClientId, hostOf(m.ClientHost), map[string][]int32{}, nil, nil}
		// A group that rebalances has none yet, and one that is no consumers' has something else there.
		if a, err := m.GetMemberAssignment(); err == nil && a != nil {
			for topic, partitions := range a.Topics {
				member.Partitions[topic] = slices.Sorted(slices.Values(partitions))
			}
		}
		if wants, err := m.GetMemberMetadata(); err == nil && wants != nil {
			member.Subscribed = wants.Topics
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

// consumerGroup describes a group of the consumer type.
func consumerGroup(ctx context.Context, s *session.Session, name string) (Group, error) {
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
		has, target := assigned(m.Assignment, topics), assigned(m.TargetAssignment, topics)
		if maps.EqualFunc(has, target, slices.Equal) {
			target = nil
		}
		members = append(members, Member{m.MemberID, m.InstanceID, m.ClientID, hostOf(m.ClientHost), has, target, m.SubscribedTopicNames})
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.MemberID, b.MemberID) })
	return Group{name, consumer, g.GroupState, g.AssignorName, members}, nil
}

// assigned are the partitions of an assignment, by topic.
func assigned(a sarama.ConsumerGroupAssignment, topics map[sarama.Uuid]string) map[string][]int32 {
	partitions := map[string][]int32{}
	for _, t := range a.TopicPartitions {
		partitions[cmp.Or(t.TopicName, topics[t.TopicID], t.TopicID.String())] = slices.Sorted(slices.Values(t.Partitions))
	}
	return partitions
}

// topicNames are the topics by their ids: the embedded cluster assigns partitions without naming topics.
func topicNames(s *session.Session) (map[sarama.Uuid]string, error) {
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
