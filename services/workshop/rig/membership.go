package rig

import (
	"slices"

	"github.com/IBM/sarama"
)

// Membership is what the coordinator says of a consumer group.
type Membership struct {
	// rebalancing: it waits until its members have joined again. One that has died never does, so that
	// the others wait until its session ends.
	Rebalancing bool
	Members     map[string]bool // by their ids, which are new in every life, those of static members too
}

// Membership asks the coordinator. The answer is empty where there is none: nothing hangs on one
// look.
func (b *Bench) Membership(group string) Membership {
	m := Membership{Members: map[string]bool{}}
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return m
	}
	groups, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil || len(groups) != 1 {
		return m
	}
	m.Rebalancing = groups[0].State == "PreparingRebalance" || groups[0].State == "CompletingRebalance"
	for id := range groups[0].Members {
		m.Members[id] = true
	}
	return m
}

// JoinedSince reports whether there is a member that was not there before.
func (m Membership) JoinedSince(before Membership) bool {
	for id := range m.Members {
		if !before.Members[id] {
			return true
		}
	}
	return false
}

// GroupBeside returns a group other than this one that has a member, or offsets, on the topic; empty where there is none, or no answer.
func (b *Bench) GroupBeside(group, topic string) string {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return ""
	}
	groups, err := admin.ListConsumerGroups()
	if err != nil {
		return ""
	}
	for other := range groups {
		if other == group {
			continue
		}
		offsets, err := admin.ListConsumerGroupOffsets(other, nil)
		if err == nil && len(offsets.Blocks[topic]) > 0 {
			return other
		}
		described, err := admin.DescribeConsumerGroups([]string{other})
		if err != nil || len(described) != 1 {
			continue
		}
		for _, member := range described[0].Members {
			if metadata, err := member.GetMemberMetadata(); err == nil && metadata != nil && slices.Contains(metadata.Topics, topic) {
				return other
			}
		}
	}
	return ""
}
