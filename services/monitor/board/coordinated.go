package board

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/share"
)

// The types of groups, by the protocol that their members speak. Each has requests of its own.
const (
	classicType  = "classic"
	consumerType = "consumer"
	shareType    = "share"
)

// coordinatedBy returns the groups of a coordinator, and false where it does not know them all: it may still load some. Only share groups
// have their lags.
func (g *groups) coordinatedBy(
	ctx context.Context, conf *sarama.Config, meta *sarama.MetadataResponse, broker *sarama.Broker,
) (found []Group, ok bool) {
	ok = true
	listed, err := broker.ListGroups(&sarama.ListGroupsRequest{Version: 5})
	if err != nil || listed.Err != sarama.ErrNoError {
		return nil, false
	}
	names := map[string][]string{}
	for name := range listed.Groups {
		kind := cmp.Or(strings.ToLower(listed.GroupsData[name].GroupType), classicType) // brokers before 3.8 have no other
		names[kind] = append(names[kind], name)
	}
	for kind, describe := range map[string]func([]string) ([]Group, bool){
		classicType:  func(names []string) ([]Group, bool) { return classicGroups(broker, names) },
		consumerType: func(names []string) ([]Group, bool) { return consumerGroups(conf, meta, broker, names) },
		shareType:    func(names []string) ([]Group, bool) { return shareGroups(ctx, conf, broker, names) },
	} {
		if len(names[kind]) == 0 {
			continue
		}
		groups, all := describe(names[kind])
		for _, group := range groups {
			group.Type = kind
			slices.SortFunc(group.Members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
			found = append(found, group)
		}
		ok = ok && all
	}
	return found, ok
}

func classicGroups(broker *sarama.Broker, names []string) (found []Group, ok bool) {
	resp, err := broker.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 4, Groups: names})
	if err != nil {
		return nil, false
	}
	for _, described := range resp.Groups {
		if described.Err != sarama.ErrNoError || described.ProtocolType != "consumer" && described.ProtocolType != "" {
			continue
		}
		group := Group{Name: described.GroupId, State: described.State, Members: []Member{}}
		for _, m := range described.Members {
			member := newMember(m.ClientId, m.MemberId, m.GroupInstanceId)
			// None is told while the group rebalances.
			if assignment, err := m.GetMemberAssignment(); err == nil && assignment != nil {
				for topic, partitions := range assignment.Topics {
					member.add(topic, partitions)
				}
			}
			group.Members = append(group.Members, member)
		}
		found = append(found, group)
	}
	return found, true
}

func consumerGroups(
	conf *sarama.Config, meta *sarama.MetadataResponse, broker *sarama.Broker, names []string,
) (found []Group, ok bool) {
	req := sarama.NewConsumerGroupDescribeRequest(conf.Version)
	req.GroupIDs = names
	resp, err := broker.ConsumerGroupDescribe(req)
	if err != nil {
		return nil, false
	}
	topics := map[sarama.Uuid]string{} // the embedded cluster assigns partitions without naming topics
	for _, t := range meta.Topics {
		topics[t.Uuid] = t.Name
	}
	for _, described := range resp.Groups {
		if described.ErrorCode != sarama.ErrNoError {
			continue
		}
		group := Group{Name: described.GroupID, State: described.GroupState, Members: []Member{}}
		for _, m := range described.Members {
			member := newMember(m.ClientID, m.MemberID, m.InstanceID)
			for _, t := range m.Assignment.TopicPartitions {
				member.add(cmp.Or(t.TopicName, topics[t.TopicID]), t.Partitions)
			}
			group.Members = append(group.Members, member)
		}
		found = append(found, group)
	}
	return found, true
}

func shareGroups(ctx context.Context, conf *sarama.Config, broker *sarama.Broker, names []string) (found []Group, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	client, err := share.Dial(ctx, conf, broker.Addr())
	if err != nil {
		return nil, false
	}
	defer client.Close()
	described, err := client.Describe(names...)
	if err != nil {
		return nil, false
	}
	for _, d := range described {
		group := Group{Name: d.Name, State: d.State, Members: []Member{}, Lags: []Lag{}}
		for _, m := range d.Members {
			member := newMember(m.ClientID, m.ID, nil)
			for topic, partitions := range m.Partitions {
				member.add(topic, partitions)
			}
			group.Members = append(group.Members, member)
		}
		starts, err := client.Starts(d.Name)
		if err != nil {
			return nil, false
		}
		for _, start := range starts {
			lag := Lag{Place: Place{start.Topic, start.Partition}}
			if start.Lag >= 0 {
				lag.Messages = &start.Lag
			}
			group.Lags = append(group.Lags, lag)
		}
		slices.SortFunc(group.Lags, func(a, b Lag) int { return compare(a.Place, b.Place) })
		found = append(found, group)
	}
	return found, true
}

// newMember is a member without partitions.
func newMember(client, id string, instance *string) Member {
	name := client + " " + id[max(0, len(id)-4):]
	if instance != nil {
		name = *instance
	}
	return Member{Name: name, Partitions: []Place{}}
}

func (m *Member) add(topic string, partitions []int32) {
	for _, p := range partitions {
		m.Partitions = append(m.Partitions, Place{topic, p})
	}
	slices.SortFunc(m.Partitions, compare)
}
