package topic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/IBM/sarama"

	"workshop.example/workshop/admin/session"
)

// plan returns the replicas before and after. It fails if there cannot be that many.
func (r *reassign) plan(ctx context.Context, s *session.Session) ([]reassigned, error) {
	meta, err := s.Metadata()
	if err != nil {
		return nil, err
	}
	if session.IsEmbedded(meta) {
		return nil, errors.New("an embedded cluster has no replicas to move: this needs real brokers " +
			"(docker compose up -d, or scripts/native-kafka up)")
	}
	found, err := session.Find(meta, r.topic)
	if err != nil {
		return nil, err
	}
	candidates, err := candidates(meta.Brokers, r.brokers)
	if err != nil {
		return nil, err
	}
	replicas := r.replicas
	if replicas == 0 {
		replicas = session.ReplicationFactor(found[0])
	}
	if replicas > len(candidates) {
		return nil, fmt.Errorf("replication factor %d needs %s, and it may choose from %d (%s): "+
			"give a smaller --replication-factor, or more brokers", replicas, session.Count(replicas, "broker"), len(candidates), ids(candidates))
	}
	if err := enoughInSync(ctx, s, found[0], replicas); err != nil {
		return nil, err
	}
	return spread(found[0], candidates, replicas), nil
}

// candidates returns the brokers that may have replicas, all of which are up.
func candidates(up []*sarama.Broker, wanted []int32) ([]int32, error) {
	var all []int32
	for _, b := range up {
		all = append(all, b.ID())
	}
	for _, id := range wanted {
		if !slices.Contains(all, id) {
			return nil, fmt.Errorf("there is no broker %d, or it is down; up are %s («workshop cluster»)", id, ids(all))
		}
	}
	if len(wanted) == 0 {
		return all, nil
	}
	return slices.Compact(slices.Sorted(slices.Values(wanted))), nil
}

// enoughInSync returns an error if a producer with acks=all needs more replicas.
func enoughInSync(ctx context.Context, s *session.Session, t *sarama.TopicMetadata, replicas int) error {
	const name = "min.insync.replicas"
	resource := &sarama.ConfigResource{Type: sarama.TopicResource, Name: t.Name, ConfigNames: []string{name}}
	results, err := describeConfigs(ctx, s, resource)
	if err != nil {
		return err
	}
	for _, result := range results {
		for _, entry := range result.Configs {
			if n, err := strconv.Atoi(entry.Value); entry.Name == name && err == nil && n > replicas {
				return fmt.Errorf("%s is %d, so that with %s nobody could write with acks=all; first «workshop topics alter %s --config %s=%d»",
					name, n, session.Count(replicas, "replica"), t.Name, name, max(1, replicas-1))
			}
		}
	}
	return nil
}

// spread assigns replicas to partitions. A partition keeps those that it has on candidates, first the leader and then those in sync;
// new ones go to the brokers that have the fewest.
func spread(t *sarama.TopicMetadata, candidates []int32, replicas int) []reassigned {
	load := map[int32]int{}
	var plan []reassigned
	for _, p := range t.Partitions {
		kept := slices.DeleteFunc(slices.Clone(p.Replicas), func(id int32) bool { return !slices.Contains(candidates, id) })
		slices.SortStableFunc(kept, func(a, b int32) int { return rank(p, a) - rank(p, b) })
		kept = kept[:min(len(kept), replicas)]
		for _, id := range kept {
			load[id]++
		}
		plan = append(plan, reassigned{p.ID, p.Replicas, kept})
	}
	for i := range plan {
		for len(plan[i].After) < replicas {
			free := slices.DeleteFunc(slices.Clone(candidates), func(id int32) bool { return slices.Contains(plan[i].After, id) })
			// The first of the least loaded, counted from another broker for each partition.
			best := slices.MinFunc(free, func(a, b int32) int { return load[a] - load[b] })
			plan[i].After = append(plan[i].After, best)
			load[best]++
		}
	}
	return plan
}

// rank orders a partition's replicas: the leader, those in sync, the others.
func rank(p *sarama.PartitionMetadata, id int32) int {
	switch {
	case id == p.Leader:
		return 0
	case slices.Contains(p.Isr, id):
		return 1
	default:
		return 2
	}
}
