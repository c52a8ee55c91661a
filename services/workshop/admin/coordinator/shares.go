package coordinator

import (
	"context"
	"errors"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka/share"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// askShare puts a question about share groups.
func askShare[T any](s *session.Session, question func(*share.Client) (T, error)) (answer T, err error) {
	var brokers []string
	for _, b := range s.Client.Brokers() {
		brokers = append(brokers, b.Addr())
	}
	client, err := share.NewClient(s.Client.Config(), brokers)
	if err != nil {
		return answer, err
	}
	defer client.Close()
	return question(client)
}

// shareGroup describes a share group.
func shareGroup(ctx context.Context, s *session.Session, name string) (Group, error) {
	groups, err := askShare(s, func(c *share.Client) ([]share.Group, error) { return c.Describe(ctx, name) })
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
	starts, err := askShare(s, func(c *share.Client) ([]share.Start, error) { return c.Starts(ctx, group) })
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
	_, err := askShare(s, func(c *share.Client) (struct{}, error) { return struct{}{}, c.SetStarts(ctx, g.Name, starts) })
	if errors.Is(err, sarama.ErrNonEmptyGroup) {
		return errJoined
	}
	return err
}
