// Package share asks the coordinators of share groups (KIP-932), of which sarama knows nothing.
package share

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/exchange"
)

// Client asks a coordinator of share groups.
type Client struct{ *exchange.Client }

// Dial connects to the coordinator at addr, as conf says.
func Dial(ctx context.Context, conf *sarama.Config, addr string) (Client, error) {
	client, err := kafka.Interruptible(ctx, func() (*exchange.Client, error) { return exchange.Dial(conf, addr) })
	return Client{client}, err
}

// Group is a share group.
type Group struct {
	Name     string
	State    string // Stable, Empty or Dead
	Assignor string
	Members  []Member
}

// Member is a member of a share group. Members may have the same partition: each gets other records of it.
type Member struct {
	ID, ClientID, Host string
	Subscribed         []string // topics
	Partitions         map[string][]int32
}

// Start is where a group begins in a partition. All records before it are acknowledged or given up, and perhaps some behind it.
type Start struct {
	Topic     string
	Partition int32
	Offset    int64 // -1: no member has read the partition yet
	Lag       int64 // records from there on that are not done; -1: unknown, as on brokers before 4.2
}

// Describe describes groups, in any order.
func (c Client) Describe(names ...string) ([]Group, error) {
	req := kmsg.NewPtrShareGroupDescribeRequest()
	req.GroupIDs = names
	resp := kmsg.NewPtrShareGroupDescribeResponse()
	if err := c.Ask(req, resp); err != nil {
		return nil, err
	}
	var groups []Group
	for _, g := range resp.Groups {
		if err := refusal(g.ErrorCode, g.ErrorMessage); err != nil {
			return nil, fmt.Errorf("%s: %w", g.GroupID, err)
		}
		group := Group{Name: g.GroupID, State: g.GroupState, Assignor: g.Assignor}
		for _, m := range g.Members {
			member := Member{m.MemberID, m.ClientID, m.ClientHost, m.SubscribedTopicNames, map[string][]int32{}}
			for _, t := range m.Assignment.TopicPartitions {
				member.Partitions[t.Topic] = slices.Sorted(slices.Values(t.Partitions))
			}
			group.Members = append(group.Members, member)
		}
		slices.SortFunc(group.Members, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
		groups = append(groups, group)
	}
	return groups, nil
}

// Configure sets a group's configuration (KIP-1043), whether the group is there already or not.
func (c Client) Configure(group, name, value string) error {
	resource := kmsg.NewIncrementalAlterConfigsRequestResource()
	resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeGroupConfig, group
	config := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
	config.Name, config.Value = name, &value // whose operation is to set
	resource.Configs = append(resource.Configs, config)
	req, resp := kmsg.NewPtrIncrementalAlterConfigsRequest(), kmsg.NewPtrIncrementalAlterConfigsResponse()
	req.Resources = append(req.Resources, resource)
	if err := c.Ask(req, resp); err != nil {
		return err
	}
	var errs []error
	for _, r := range resp.Resources {
		errs = append(errs, refusal(r.ErrorCode, r.ErrorMessage))
	}
	return errors.Join(errs...)
}

// Starts returns where a group begins in the partitions that it has ever been given.
func (c Client) Starts(group string) ([]Start, error) {
	req := kmsg.NewPtrDescribeShareGroupOffsetsRequest()
	req.Groups = []kmsg.DescribeShareGroupOffsetsRequestGroup{{GroupID: group}}
	resp := kmsg.NewPtrDescribeShareGroupOffsetsResponse()
	if err := c.Ask(req, resp); err != nil {
		return nil, err
	}
	var starts []Start
	for _, g := range resp.Groups {
		if err := refusal(g.ErrorCode, g.ErrorMessage); err != nil {
			return nil, err
		}
		for _, t := range g.Topics {
			for _, p := range t.Partitions {
				if err := refusal(p.ErrorCode, p.ErrorMessage); err != nil {
					return nil, fmt.Errorf("%s/%d: %w", t.Topic, p.Partition, err)
				}
				starts = append(starts, Start{t.Topic, p.Partition, p.StartOffset, p.Lag})
			}
		}
	}
	return starts, nil
}

// SetStarts moves the beginning of a group. What its members have acknowledged behind it is forgotten. It fails with
// [sarama.ErrNonEmptyGroup] if the group has members.
func (c Client) SetStarts(group string, starts []Start) error {
	req := kmsg.NewPtrAlterShareGroupOffsetsRequest()
	req.GroupID = group
	for _, s := range starts {
		i := slices.IndexFunc(req.Topics, func(t kmsg.AlterShareGroupOffsetsRequestTopic) bool { return t.Topic == s.Topic })
		if i < 0 {
			i = len(req.Topics)
			req.Topics = append(req.Topics, kmsg.AlterShareGroupOffsetsRequestTopic{Topic: s.Topic})
		}
		req.Topics[i].Partitions = append(req.Topics[i].Partitions,
			kmsg.AlterShareGroupOffsetsRequestTopicPartition{Partition: s.Partition, StartOffset: s.Offset})
	}
	resp := kmsg.NewPtrAlterShareGroupOffsetsResponse()
	if err := c.Ask(req, resp); err != nil {
		return err
	}
	errs := []error{refusal(resp.ErrorCode, resp.ErrorMessage)}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := refusal(p.ErrorCode, p.ErrorMessage); err != nil {
				errs = append(errs, fmt.Errorf("%s/%d: %w", t.Topic, p.Partition, err))
			}
		}
	}
	return errors.Join(errs...)
}

// refusal is the error of a code, nil for 0, with the broker's words.
func refusal(code int16, message *string) error {
	switch err := sarama.KError(code); {
	case code == 0:
		return nil
	case message == nil || *message == "":
		return err
	default:
		return fmt.Errorf("%w (%s)", err, *message)
	}
}
