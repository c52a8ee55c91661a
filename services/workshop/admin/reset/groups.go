package reset

import (
	"context"
	"fmt"
	"slices"

	"workshop.example/workshop/admin/coordinator"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// planGroups names the groups that are to be deleted, and those that are to forget offsets of topics which
// will not have them any more. It fails where one of either kind has members.
func planGroups(ctx context.Context, s *session.Session, start Start, changed []string) ([]labStep, error) {
	listed, err := coordinator.List(s)
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
		step := labStep{Kind: "group", Name: l.Group, Action: "delete", Has: "offsets in " + session.Count(len(offsets), "partition")}
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

// reads reports whether a member of the group has, or wants, a topic.
func reads(g coordinator.Group, topic string) bool {
	return slices.ContainsFunc(g.Members, func(m coordinator.Member) bool {
		_, has := m.Partitions[topic]
		return has || slices.Contains(m.Subscribed, topic)
	})
}
