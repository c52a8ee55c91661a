package lab

import "github.com/IBM/sarama"

// membership is what the coordinator says of a consumer group.
type membership struct {
	// rebalancing: it waits until its members have joined again. One that has died never does, so that
	// the others wait until its session ends.
	rebalancing bool
	members     map[string]bool // by their ids, which are new in every life, those of static members too
}

// membership asks the coordinator. The answer is empty where there is none: nothing hangs on one
// look.
func (b *Bench) membership(group string) membership {
	m := membership{members: map[string]bool{}}
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return m
	}
	groups, err := admin.DescribeConsumerGroups([]string{group})
	if err != nil || len(groups) != 1 {
		return m
	}
	m.rebalancing = groups[0].State == "PreparingRebalance" || groups[0].State == "CompletingRebalance"
	for id := range groups[0].Members {
		m.members[id] = true
	}
	return m
}

// joinedSince reports whether there is a member that was not there before.
func (m membership) joinedSince(before membership) bool {
	for id := range m.members {
		if !before.members[id] {
			return true
		}
	}
	return false
}
