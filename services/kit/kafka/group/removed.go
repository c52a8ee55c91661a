package group

import (
	"fmt"

	"github.com/IBM/sarama"
)

// skipRemoved moves a partition whose committed offset is out of range, and reports what was lost.
// Below the log's start, retention has deleted messages that the group had not read: go on with the
// oldest that is left. Beyond its end, the topic was made anew: go on as a group without an offset
// does (AUTO_OFFSET_RESET).
func (g *Consumer) skipRemoved(session sarama.ConsumerGroupSession, partition int32) error {
	committed, err := g.committed(partition)
	if err != nil {
		return err
	}
	oldest, err := g.client().GetOffset(g.Topic, partition, sarama.OffsetOldest)
	if err != nil {
		return fmt.Errorf("oldest offset of %s/%d: %w", g.Topic, partition, err)
	}
	newest, err := g.client().GetOffset(g.Topic, partition, sarama.OffsetNewest)
	if err != nil {
		return fmt.Errorf("newest offset of %s/%d: %w", g.Topic, partition, err)
	}
	start := oldest // of a group without an offset
	if g.Member.Reset == sarama.OffsetNewest {
		start = newest
	}
	log := g.Hooks.Log.With("topic", g.Topic, "partition", partition)
	switch {
	case committed < 0:
		session.MarkOffset(g.Topic, partition, start, "")
	case committed < oldest:
		log.Warn("messages were deleted before this group had read them", "from", committed, "to", oldest)
		g.meters.removed.Add(float64(oldest - committed))
		g.Hooks.Removed(partition, committed, oldest-1)
		session.MarkOffset(g.Topic, partition, oldest, "")
	case committed > newest:
		log.Warn("the group's offset is beyond the end of the log: was the topic deleted and made again?",
			"committed", committed, "newest", newest, "continuing_at", start)
		session.ResetOffset(g.Topic, partition, start, "")
	}
	return nil
}

// committed is the group's offset for a partition as its coordinator has it, -1 where it has none.
func (g *Consumer) committed(partition int32) (int64, error) {
	coordinator, err := g.client().Coordinator(g.Member.Group)
	if err != nil {
		return 0, err
	}
	req := sarama.NewOffsetFetchRequest(g.client().Config().Version, g.Member.Group, map[string][]int32{g.Topic: {partition}})
	resp, err := coordinator.FetchOffset(req)
	if err != nil {
		return 0, fmt.Errorf("committed offset of %s/%d: %w", g.Topic, partition, err)
	}
	block := resp.GetBlock(g.Topic, partition)
	if block == nil || block.Err != sarama.ErrNoError {
		return 0, fmt.Errorf("committed offset of %s/%d: no answer", g.Topic, partition)
	}
	return block.Offset, nil
}
