// Package group is a member of a consumer group that goes on where sarama's ends or loses something.
//
// sarama joins the group, balances its partitions and fetches. It leaves to its users, and a file here is the answer:
//
//   - group.go: a loop around Consume, which returns at each rebalance and each error, and a stop that waits for the message in
//     hand and its commit.
//   - session.go: which partitions were given and which were lost, from sessions that may overlap.
//   - claim.go: the messages of a partition, until it belongs to another member.
//   - commit.go: commits with an answer, one by one or behind the reading. Sarama's Commit returns nothing, so that a member which the
//     group has given up works on unawares. Here a message counts as committed when the coordinator has said so.
//   - contact.go: a coordinator that falls silent. Sarama heartbeats into the void until its time-outs end; here another client is
//     dialed.
//   - added.go: partitions that are added to the topic while the group runs. With AUTO_OFFSET_RESET=latest the messages before
//     the rebalance would be skipped.
//   - removed.go: committed offsets that retention has deleted, or that lie beyond the end of a recreated topic. Sarama ends the
//     claim with an error, for ever.
//   - fenced_member.go: a static member (KIP-345) that is fenced by its own lost join, and one that is fenced by another program.
//     Sarama reports both as the same error.
//   - refused_member.go: refusals of a join that no retry cures, with their remedy.
//   - markers.go: the markers of transactions, which take offsets that no message has, so that LAG stays above 0.
package group
