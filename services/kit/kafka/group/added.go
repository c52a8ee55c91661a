package group

import (
	"fmt"

	"github.com/IBM/sarama"
)

// beginAdded moves held partitions that were added since this member first joined to their oldest
// message, where the group has no offset for them. AUTO_OFFSET_RESET=latest means to skip what is older
// than the group. Applied to a partition that is younger, as sarama and Kafka's Java client do, it skips
// what was sent between the creation of the partition and the rebalance that hands it out.
//
// A member knows only what it has seen: one that starts after the partition was added, before any other
// has committed there, begins at its end.
func (g *Consumer) beginAdded(session sarama.ConsumerGroupSession, held []int32) error {
	if g.Member.Reset != sarama.OffsetNewest {
		return nil
	}
	partitions, err := g.client().Partitions(g.Topic)
	if err != nil {
		return fmt.Errorf("partitions of %s: %w", g.Topic, err)
	}
	g.mu.Lock()
	if g.partitions == 0 {
		g.partitions = len(partitions)
	}
	first := g.partitions
	g.mu.Unlock()
	moved := false
	for _, p := range held {
		if int(p) < first {
			continue
		}
		committed, err := g.committed(p)
		if err != nil {
			return err
		}
		if committed >= 0 {
			continue
		}
		oldest, err := g.client().GetOffset(g.Topic, p, sarama.OffsetOldest)
		if err != nil {
			return fmt.Errorf("oldest offset of %s/%d: %w", g.Topic, p, err)
		}
		session.MarkOffset(g.Topic, p, oldest, "")
		moved = true
	}
	if moved { // so that the next owner begins there too, also after a crash before the first commit
		session.Commit()
	}
	return nil
}
