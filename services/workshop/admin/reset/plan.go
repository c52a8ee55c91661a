package reset

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// plan returns the changes that are to be made. It fails if a group has members.
func plan(ctx context.Context, s *session.Session, start Start, standard []kafka.Topic) ([]change, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	steps, err := planTopics(ctx, s, meta, start, standard)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, step := range steps {
		changed = append(changed, step.Name)
	}
	groups, err := planGroups(ctx, s, start, changed)
	return append(steps, groups...), err
}

// ofRuns matches the topics and groups that runs of a lab make on an existing cluster.
func ofRuns(lab string) *regexp.Regexp {
	return regexp.MustCompile("^lab-" + regexp.QuoteMeta(lab) + "-[A-Z2-7]{6}-.")
}

// planTopics returns the topics that are to be deleted, recreated or created.
func planTopics(
	ctx context.Context, s *session.Session, meta *sarama.MetadataResponse, start Start, standard []kafka.Topic,
) ([]change, error) {
	var byHand []string
	for _, name := range start.Topics {
		byHand = append(byHand, name, name+".dlq")
	}
	runs := ofRuns(start.Lab)
	var steps []change
	for _, t := range meta.Topics {
		if !runs.MatchString(t.Name) && !slices.Contains(byHand, t.Name) {
			continue
		}
		messages, err := offsetsIn(ctx, s, t.Name)
		if err != nil {
			return nil, err
		}
		step := change{Kind: "topic", Name: t.Name, Action: "delete",
			Has: session.Count(len(t.Partitions), "partition") + ", up to " + session.Count(messages, "message")}
		if i := slices.IndexFunc(standard, func(own kafka.Topic) bool { return own.Name == t.Name }); i >= 0 {
			step.make("recreate", standard[i], meta)
			if messages == 0 && int(step.Partitions) == len(t.Partitions) && session.ReplicationFactor(t) >= int(step.Replicas) {
				continue
			}
		}
		steps = append(steps, step)
	}
	for _, own := range standard {
		there := slices.ContainsFunc(meta.Topics, func(t *sarama.TopicMetadata) bool { return t.Name == own.Name })
		if slices.Contains(byHand, own.Name) && !there {
			step := change{Kind: "topic", Name: own.Name}
			step.make("create", own, meta)
			steps = append(steps, step)
		}
	}
	return steps, nil
}

// make makes the change one that creates a topic.
func (step *change) make(action string, topic kafka.Topic, meta *sarama.MetadataResponse) {
	step.Action, step.topic = action, topic
	step.Partitions, step.Replicas = topic.Partitions, min(topic.Replicas, int16(len(meta.Brokers)))
}

// offsetsIn returns how many messages a topic has ever had, including the markers of transactions. A topic that has lost its messages
// to retention is not as it was at the start either.
func offsetsIn(ctx context.Context, s *session.Session, topic string) (int64, error) {
	logs, err := offset.ChosenBounds(ctx, s, offset.Chosen{Topic: topic})
	if err != nil {
		return 0, err
	}
	var n int64
	for _, log := range logs {
		n += log.End
	}
	return n, nil
}

// planGroups returns the groups that are to be deleted, and those that are to forget offsets in topics that are changed. It fails if
// one of them has members.
func planGroups(ctx context.Context, s *session.Session, start Start, changed []string) ([]change, error) {
	listed, err := coordinator.List(s)
	if err != nil {
		return nil, err // a group that nobody tells us of may be at work
	}
	var steps []change
	runs := ofRuns(start.Lab)
	for _, l := range listed {
		if l.State == "Dead" || !l.Commits() {
			continue // it goes by itself, or has no offsets
		}
		own := runs.MatchString(l.Group) || slices.Contains(start.Groups, l.Group)
		groups, err := coordinator.Describe(ctx, s, l.Group)
		if err != nil {
			return nil, err
		}
		if own || slices.ContainsFunc(changed, func(topic string) bool { return reads(groups[0], topic) }) {
			if err := groups[0].CheckInactive(); err != nil {
				return nil, fmt.Errorf("group %s: %w", l.Group, err)
			}
		}
		offsets, err := coordinator.Committed(ctx, s, l.Group)
		if err != nil {
			return nil, err
		}
		step := change{Kind: "group", Name: l.Group, Action: "delete", Has: "offsets in " + session.Count(len(offsets), "partition")}
		if !own {
			step.Action = "forget"
			for _, p := range offset.SortedPlaces(offsets) {
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

// reads reports whether a member of the group reads a topic or has subscribed to it.
func reads(g coordinator.Group, topic string) bool {
	return slices.ContainsFunc(g.Members, func(m coordinator.Member) bool {
		_, has := m.Partitions[topic]
		return has || slices.Contains(m.Subscribed, topic)
	})
}
