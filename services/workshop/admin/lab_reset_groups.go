package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// planGroups names the groups that are to be deleted, and those that are to forget offsets of topics which
// will not have them any more. It fails where one of either kind has members.
func planGroups(ctx context.Context, s *Session, start LabStart, changed []string) ([]labStep, error) {
	listed, err := List(s)
	if err != nil {
		return nil, err // a group that nobody tells us of may be at work
	}
	var steps []labStep
	runs := ofRuns(start.Lab)
	for _, l := range listed {
		if l.State == "Dead" || !l.ReadsByOffsets() {
			continue // it goes by itself, or has no offsets
		}
		own := runs.MatchString(l.Group) || slices.Contains(start.Groups, l.Group)
		groups, err := Describe(ctx, s, l.Group)
		if err != nil {
			return nil, err
		}
		if own || slices.ContainsFunc(changed, func(topic string) bool { return reads(groups[0], topic) }) {
			if err := CheckInactive(groups[0]); err != nil {
				return nil, fmt.Errorf("group %s: %w", l.Group, err)
			}
		}
		offsets, err := Committed(ctx, s, l.Group)
		if err != nil {
			return nil, err
		}
		step := labStep{Kind: "group", Name: l.Group, Action: "delete", Has: "offsets in " + Count(len(offsets), "partition")}
		if !own {
			step.Action = "forget"
			for _, p := range SortedPlaces(offsets) {
				if slices.Contains(changed, p.Topic) {
					step.offsets = append(step.offsets, p)
					step.Topics = append(step.Topics, p.Topic)
				}
			}
			step.Topics = slices.Compact(step.Topics)
		}
		if own || len(step.offsets) > 0 {
			steps = append(steps, step)
		}
	}
	return steps, nil
}

// reads reports whether a member of the group has, or wants, a topic.
func reads(g Group, topic string) bool {
	return slices.ContainsFunc(g.Members, func(m Member) bool {
		_, has := m.Partitions[topic]
		return has || slices.Contains(m.Wants, topic)
	})
}

// resetLab does what was planned. The groups come first: they are what refuses.
func resetLab(ctx context.Context, s *Session, steps []labStep) error {
	var groups, gone []string
	var topics []kafka.Topic
	for _, step := range steps {
		switch {
		case step.Kind == "group" && step.Action == "delete":
			groups = append(groups, step.Name)
		case step.Kind == "topic" && step.Action != "create":
			gone = append(gone, step.Name)
		}
		if step.topic.Name != "" {
			topics = append(topics, step.topic)
		}
	}
	if len(groups) > 0 {
		if err := Delete(ctx, s, groups, func(string) {}); err != nil {
			return err
		}
	}
	for _, step := range steps {
		for _, p := range step.offsets {
			err := s.Admin.DeleteConsumerGroupOffset(step.Name, p.Topic, p.Partition)
			// Without its last offset a group is gone, and with it the others that it had.
			if err != nil && !errors.Is(err, sarama.ErrGroupIDNotFound) {
				return fmt.Errorf("group %s: forget %s/%d: %w", step.Name, p.Topic, p.Partition, err)
			}
		}
	}
	if len(gone) > 0 {
		if err := s.DeleteTopics(ctx, gone); err != nil {
			return err
		}
	}
	return makeAnew(ctx, s, topics)
}

// makeAnew creates topics that may have been there a moment ago.
func makeAnew(ctx context.Context, s *Session, topics []kafka.Topic) error {
	for len(topics) > 0 {
		_, err := kafka.ApplyTopics(ctx, s.Admin, topics, nil)
		if err == nil || ctx.Err() != nil || !Retryable(err) && !Underway(err) {
			return err
		}
		if err := service.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
