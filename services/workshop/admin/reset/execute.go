package reset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/wait"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/session"
)

// untilReset makes the changes and checks that none is left to make. A broker that does not know of a deletion yet may have answered
// for a topic that was about to go.
func untilReset(ctx context.Context, s *session.Session, left []change, start Start, standard []kafka.Topic) error {
	for range 3 {
		if err := execute(ctx, s, left); err != nil {
			return err
		}
		var err error
		if left, err = plan(ctx, s, start, standard); err != nil || len(left) == 0 {
			return err
		}
	}
	return fmt.Errorf("%s %s is not as at the start, again and again: somebody else is at work with it", left[0].Kind, left[0].Name)
}

// execute makes the changes. Groups come first, because they may refuse.
func execute(ctx context.Context, s *session.Session, steps []change) error {
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
		if err := coordinator.Delete(ctx, s, groups, func(string) {}); err != nil {
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

// makeAnew creates topics that may just have been deleted.
func makeAnew(ctx context.Context, s *session.Session, topics []kafka.Topic) error {
	for len(topics) > 0 {
		_, err := kafka.ApplyTopics(ctx, s.Admin, topics, nil)
		if err == nil || ctx.Err() != nil || !session.Retryable(err) && !session.Underway(err) {
			return err
		}
		if err := wait.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
