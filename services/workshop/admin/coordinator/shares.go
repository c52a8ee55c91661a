package coordinator

import (
	"context"
	"errors"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/share"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// askShare puts a question to the coordinator of a share group.
func askShare[T any](ctx context.Context, s *session.Session, group string, question func(share.Client) (T, error)) (answer T, err error) {
	err = s.Retry(ctx, func() error {
		coordinator, err := s.Client.Coordinator(group)
		if err != nil {
			return err
		}
		client, err := share.Dial(ctx, s.Client.Config(), coordinator.Addr())
		if err == nil {
			defer client.Close()
			answer, err = question(client)
		}
		if session.Retryable(err) {
			s.Client.RefreshCoordinator(group) // an error shows in the next answer
		}
		return err
	})
	return answer, err
}

// shareGroup describes a share group.
func shareGroup(ctx context.Context, s *session.Session, name string) (Group, error) {
	groups, err := askShare(ctx, s, name, func(c share.Client) ([]share.Group, error) { return c.Describe(name) })
	if err != nil {
		return Group{}, err
	}
	if len(groups) != 1 {
		return Group{}, errors.New("the coordinator's answer lacks it")
	}
	members := []Member{}
	for _, m := range groups[0].Members {
		members = append(members, Member{m.ID, nil, m.ClientID, hostOf(m.Host), m.Partitions, nil, m.Subscribed})
	}
	return Group{name, Share, groups[0].State, groups[0].Assignor, members}, nil
}

// Starts returns where a share group begins in each partition, and how much of it is not done.
func Starts(ctx context.Context, s *session.Session, group string) (map[offset.Place]share.Start, error) {
	starts, err := askShare(ctx, s, group, func(c share.Client) ([]share.Start, error) { return c.Starts(group) })
	if err != nil {
		return nil, err
	}
	byPlace := map[offset.Place]share.Start{}
	for _, start := range starts {
		byPlace[offset.Place{Topic: start.Topic, Partition: start.Partition}] = start
	}
	return byPlace, nil
}

// Offsets returns where the group goes on reading.
func (g Group) Offsets(ctx context.Context, s *session.Session) (map[offset.Place]int64, error) {
	if g.Kind != Share {
		return Committed(ctx, s, g.Name)
	}
	starts, err := Starts(ctx, s, g.Name)
	offsets := map[offset.Place]int64{}
	for p, start := range starts {
		if start.Offset >= 0 {
			offsets[p] = start.Offset
		}
	}
	return offsets, err
}

// SetOffsets moves the group. It fails if the group has members.
func (g Group) SetOffsets(ctx context.Context, s *session.Session, offsets map[offset.Place]int64) error {
	if g.Kind != Share {
		return SetOffsets(s, g.Name, offsets)
	}
	var starts []share.Start
	for _, p := range offset.SortedPlaces(offsets) {
		starts = append(starts, share.Start{Topic: p.Topic, Partition: p.Partition, Offset: offsets[p]})
	}
	_, err := askShare(ctx, s, g.Name, func(c share.Client) (struct{}, error) { return struct{}{}, c.SetStarts(g.Name, starts) })
	if errors.Is(err, sarama.ErrNonEmptyGroup) {
		return errJoined
	}
	return err
}
