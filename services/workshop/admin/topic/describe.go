package topic

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/offset"
	"workshop.example/workshop/admin/session"
)

// describedTopic is a topic with its partitions.
type describedTopic struct {
	Topic             string               `json:"topic"`
	Internal          bool                 `json:"internal"`
	ReplicationFactor int                  `json:"replicationFactor"`
	Config            map[string]string    `json:"config"` // what is set for this topic, and not the broker's default
	Partitions        []describedPartition `json:"partitions"`
	Brokers           []int32              `json:"brokers"` // those that are up, or hold a replica
}

// describedPartition is a partition; nil means unknown.
type describedPartition struct {
	Partition   int32   `json:"partition"`
	Leader      *int32  `json:"leader"`
	LeaderEpoch int32   `json:"leaderEpoch"`
	Replicas    []int32 `json:"replicas"` // the first is the preferred leader
	InSync      []int32 `json:"inSync"`
	Offline     []int32 `json:"offline"`
	Earliest    *int64  `json:"earliestOffset"`
	Latest      *int64  `json:"latestOffset"`
}

func newDescribeCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "describe [NAME...]",
		Short: "Show a topic's partitions, and draw which broker holds what",
		Long: `describe shows each partition's leader, its replicas (the first is the preferred leader), those of them that are in
sync, and the offsets of the oldest message and of the next one. The drawing has a row a broker and a column a
partition: L leads, f follows and is in sync, ! follows but is not in sync, ? has it but is down.

Without a name it describes every topic but Kafka's own.`,
		Example: `  workshop topics describe
  workshop topics describe scoreGame transactions
  workshop topics describe __consumer_offsets
  workshop topics describe -o json | jq '.[] | {topic, leaders: [.partitions[].leader]}'`,
		Args: func(_ *cobra.Command, names []string) error { return session.LegalNames("topics", names) },
	}
	o := t.Bind(cmd, func(ctx context.Context, o *session.Options, names []string) error {
		copies := true
		topics, err := session.Ask(ctx, o, func(ctx context.Context, s *session.Session) ([]describedTopic, error) {
			meta, err := s.Metadata()
			if err != nil {
				return nil, err
			}
			copies = !session.IsEmbedded(meta)
			return describeTopics(ctx, s, meta, names)
		})
		if err != nil {
			return fmt.Errorf("describe topics: %w", err)
		}
		if err := o.Print(topics, func(w io.Writer) { topicTables(w, o.Tool, topics) }); err != nil {
			return err
		}
		if !copies && slices.ContainsFunc(topics, func(d describedTopic) bool { return d.ReplicationFactor > 1 }) {
			o.NoteCopies()
		}
		return nil
	})
	o.OutputFlag(cmd)
	return cmd
}

func describeTopics(ctx context.Context, s *session.Session, meta *sarama.MetadataResponse, names []string) ([]describedTopic, error) {
	topics, err := session.Find(meta, names...)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		topics = slices.DeleteFunc(slices.Clone(meta.Topics), session.IsInternal)
	}
	var places []offset.Place
	for _, t := range topics {
		places = append(places, offset.PlacesOf(t)...)
	}
	logs, err := offset.BoundsOf(ctx, s, meta, places)
	if err != nil {
		return nil, err
	}
	configs, err := configs(ctx, s, topics)
	if err != nil {
		return nil, err
	}
	described := []describedTopic{}
	for _, t := range topics {
		described = append(described, describe(t, meta.Brokers, configs[t.Name], logs))
	}
	return described, nil
}

func describe(t *sarama.TopicMetadata, up []*sarama.Broker, config map[string]string, logs map[offset.Place]offset.Bounds) describedTopic {
	d := describedTopic{
		Topic: t.Name, Internal: session.IsInternal(t), ReplicationFactor: session.ReplicationFactor(t),
		Config: config, Partitions: []describedPartition{},
	}
	for _, b := range up {
		d.Brokers = append(d.Brokers, b.ID())
	}
	for _, p := range t.Partitions {
		line := describedPartition{
			Partition: p.ID, LeaderEpoch: p.LeaderEpoch, Replicas: p.Replicas,
			InSync: slices.Sorted(slices.Values(p.Isr)), Offline: []int32{},
		}
		if p.Leader >= 0 {
			line.Leader = &p.Leader
		}
		for _, id := range p.Replicas {
			if !slices.ContainsFunc(up, func(b *sarama.Broker) bool { return b.ID() == id }) {
				line.Offline = append(line.Offline, id)
			}
		}
		if log, ok := logs[offset.Place{Topic: t.Name, Partition: p.ID}]; ok {
			line.Earliest, line.Latest = &log.Start, &log.End
		}
		d.Partitions = append(d.Partitions, line)
		d.Brokers = append(d.Brokers, p.Replicas...)
	}
	d.Brokers = slices.Compact(slices.Sorted(slices.Values(d.Brokers)))
	return d
}

// configs returns the settings of topics that are not defaults.
func configs(ctx context.Context, s *session.Session, topics []*sarama.TopicMetadata) (map[string]map[string]string, error) {
	var resources []*sarama.ConfigResource
	all := map[string]map[string]string{}
	for _, t := range topics {
		resources = append(resources, &sarama.ConfigResource{Type: sarama.TopicResource, Name: t.Name})
		all[t.Name] = map[string]string{}
	}
	results, err := describeConfigs(ctx, s, resources...)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		for _, entry := range r.Configs {
			if entry.Source == sarama.SourceTopic {
				all[r.Name][entry.Name] = entry.Value
			}
		}
	}
	return all, nil
}

// describeConfigs describes configurations. Any broker may be asked, also one that is down, so it retries.
func describeConfigs(
	ctx context.Context, s *session.Session, resources ...*sarama.ConfigResource,
) (results []*sarama.ConfigResourceResult, err error) {
	err = s.Retry(ctx, func() (err error) {
		results, err = s.Admin.DescribeConfigs(resources, sarama.DescribeConfigsOptions{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("describe configuration: %w", err)
	}
	return results, nil
}

func topicTables(w io.Writer, t *session.Tool, topics []describedTopic) {
	for i, topic := range topics {
		if i > 0 {
			fmt.Fprintln(w)
		}
		topic.table(w, t)
	}
}

func (d describedTopic) table(w io.Writer, t *session.Tool) {
	config := ""
	for _, name := range sortedKeys(d.Config) {
		config += ", " + name + "=" + d.Config[name]
	}
	fmt.Fprintf(w, "%s: %s%s\n", d.Topic,
		t.Words("%s, replication factor %d", session.Count(len(d.Partitions), "partition"), d.ReplicationFactor), config)
	fmt.Fprintln(w, "PARTITION\tLEADER\tREPLICAS\tIN-SYNC\tEARLIEST\tLATEST")
	for _, p := range d.Partitions {
		leader, remark := t.In(service.Text{PT: "nenhum", EN: "none"}), "\t"+t.Words("offline: no replica that is in sync is up")
		if p.Leader != nil {
			leader, remark = strconv.Itoa(int(*p.Leader)), ""
			if len(p.InSync) < len(p.Replicas) {
				remark = "\t" + t.In(service.Text{PT: "sub-replicada", EN: "under-replicated"})
			}
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s%s\n",
			p.Partition, leader, ids(p.Replicas), ids(p.InSync), session.Number(p.Earliest), session.Number(p.Latest), remark)
	}
	d.draw(w, t.Width())
	fmt.Fprintln(w, t.Words("L leads   f follows, in sync   ! follows, not in sync   ? down   . holds nothing"))
}

// drawWidth is how many partitions are drawn side by side at most.
const drawWidth = 24

// draw draws which broker has which replica: a row for each broker, and a column for each partition, as many as the terminal has room
// for.
func (d describedTopic) draw(w io.Writer, width int) {
	side := drawWidth
	if width > 0 { // P12 and two blanks, behind "broker 12"
		side = min(side, max(1, (width-len("broker 12  "))/len("P123  ")))
	}
	for columns := range slices.Chunk(d.Partitions, side) {
		fmt.Fprintln(w)
		for _, p := range columns {
			fmt.Fprintf(w, "\tP%d", p.Partition)
		}
		fmt.Fprintln(w)
		for _, broker := range d.Brokers {
			fmt.Fprintf(w, "broker %d", broker)
			for _, p := range columns {
				fmt.Fprintf(w, "\t%s", p.mark(broker))
			}
			fmt.Fprintln(w)
		}
	}
}

// mark returns what a broker is to the partition.
func (p describedPartition) mark(broker int32) string {
	switch {
	case !slices.Contains(p.Replicas, broker):
		return "."
	case p.Leader != nil && *p.Leader == broker:
		return "L"
	case slices.Contains(p.Offline, broker):
		return "?"
	case slices.Contains(p.InSync, broker):
		return "f"
	default:
		return "!"
	}
}
