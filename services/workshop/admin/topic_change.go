package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// parseConfig reads settings given as NAME=VALUE. An empty value is kept: it takes a setting back.
func parseConfig(specs []string) (map[string]string, error) {
	config := map[string]string{}
	for _, spec := range specs {
		name, value, ok := strings.Cut(spec, "=")
		if !ok || name == "" {
			return nil, service.UsageError(fmt.Sprintf("--config %q: accepted: NAME=VALUE, such as retention.ms=60000", spec))
		}
		config[name] = value
	}
	return config, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func newCreateCommand(t *Tool) *cobra.Command {
	var partitions, replicas int
	var configs []string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a topic",
		Long: `create creates one topic, and waits until each partition has its leader. A topic of that name that is being deleted is
waited for first. Unless --config says otherwise,
min.insync.replicas is one less than the replicas: one broker may die without a loss, and without a pause.

«workshop topics apply» creates what the services expect, with dead letters, and changes nothing that is there.`,
		Example: `  workshop topics create meu-topico --partitions 3
  workshop topics create meu-topico --partitions 3 --replication-factor 1
  workshop topics create short --config retention.ms=60000 --config segment.bytes=1048576`,
		Args: One("topic"),
	}
	t.Bind(cmd, func(ctx context.Context, o *Options, args []string) error {
		o.Changes = true
		config, err := parseConfig(configs)
		switch {
		case err != nil:
			return err
		case partitions < 1 || partitions > 10_000 || replicas > 100 || replicas < 1 && cmd.Flags().Changed("replication-factor"):
			return service.UsageError("--partitions has to be from 1 to 10000, and --replication-factor from 1 to the number of brokers")
		}
		topic := kafka.Topic{Name: args[0], Partitions: int32(partitions), Replicas: int16(replicas), Config: config}
		copies := true
		made, err := Ask(ctx, o, func(ctx context.Context, s *Session) (kafka.Applied, error) {
			meta, err := s.Metadata()
			if err != nil {
				return kafka.Applied{}, err
			}
			copies = !IsEmbedded(meta)
			return createTopic(ctx, s, meta, topic, t.Waiting)
		})
		if err != nil {
			return err
		}
		t.Say("%s created: %s, %s", topic.Name, Count(topic.Partitions, "partition"), Count(made.Replicas, "replica"))
		if !copies && made.Replicas > 1 {
			t.NoteCopies()
		}
		return nil
	})
	cmd.Flags().IntVar(&partitions, "partitions", 1, "number of partitions")
	cmd.Flags().IntVar(&replicas, "replication-factor", 0, "copies of each partition, on as many brokers (default: 3, or as many as there are brokers)")
	cmd.Flags().StringArrayVar(&configs, "config", nil, "a setting of the topic, NAME=VALUE; may be given several times")
	NoDefault(cmd, "replication-factor")
	for _, name := range []string{"partitions", "replication-factor", "config"} {
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

func createTopic(ctx context.Context, s *Session, meta *sarama.MetadataResponse, topic kafka.Topic, waiting kafka.Waiting) (made kafka.Applied, err error) {
	if found, err := Find(meta, topic.Name); err == nil {
		return made, fmt.Errorf("topic %s exists, with %s and %s; «workshop topics alter» changes it, «workshop topics delete» deletes it",
			topic.Name, Count(len(found[0].Partitions), "partition"), Count(ReplicationFactor(found[0]), "replica"))
	}
	if err := collision(meta, topic.Name); err != nil {
		return made, err
	}
	if topic.Replicas == 0 {
		topic.Replicas = min(3, int16(len(meta.Brokers)))
	}
	if int(topic.Replicas) > len(meta.Brokers) {
		return made, tooManyReplicas(int(topic.Replicas), meta.Brokers)
	}
	applied, err := kafka.ApplyTopics(ctx, s.Admin, []kafka.Topic{topic}, waiting)
	if err != nil {
		return made, err
	}
	if !applied[0].Created {
		return made, fmt.Errorf("topic %s: somebody else has created it meanwhile", topic.Name)
	}
	return applied[0], nil
}

// collision refuses a name that differs from another only in . and _, as Kafka does: both would have the same metrics.
func collision(meta *sarama.MetadataResponse, name string) error {
	metric := func(name string) string { return strings.ReplaceAll(name, ".", "_") }
	for _, t := range meta.Topics {
		if t.Name != name && metric(t.Name) == metric(name) {
			return fmt.Errorf("topic %s collides with %s: in the names of metrics . and _ are the same, so Kafka takes only one of them; choose another name", name, t.Name)
		}
	}
	return nil
}

// Underway reports whether a change goes on, although the controller has given up the wait for its end:
// it waits for three seconds, and a busy machine may take longer.
func Underway(err error) bool { return errors.Is(err, sarama.ErrRequestTimedOut) }

// led reports whether a topic has as many partitions, and each of them a leader.
func led(meta *sarama.MetadataResponse, name string, partitions int) bool {
	found, err := Find(meta, name)
	return err == nil && len(found[0].Partitions) >= partitions &&
		!slices.ContainsFunc(found[0].Partitions, func(p *sarama.PartitionMetadata) bool { return p.Leader < 0 })
}

func tooManyReplicas(replicas int, up []*sarama.Broker) error {
	return fmt.Errorf("replication factor %d needs %s, and %d are up: choose fewer, or start more", replicas, Count(replicas, "broker"), len(up))
}

func newAlterCommand(t *Tool) *cobra.Command {
	var partitions int
	var configs []string
	cmd := &cobra.Command{
		Use:   "alter NAME [--partitions N] [--config NAME=VALUE]",
		Short: "Give a topic more partitions, or other settings",
		Long: `alter adds partitions up to --partitions, and changes settings; NAME= without a value takes a setting back to the
brokers' default. Both are checked by the brokers before either is changed. Kafka cannot take partitions away.

With more partitions a key's messages go to another partition than before: the order of a key breaks once.`,
		Example: `  workshop topics alter meu-topico --partitions 6
  workshop topics alter meu-topico --config retention.ms=60000
  workshop topics alter meu-topico --config retention.ms=      back to the brokers' default`,
		Args: One("topic"),
	}
	t.Bind(cmd, func(ctx context.Context, o *Options, args []string) error {
		o.Changes = true
		config, err := parseConfig(configs)
		if err != nil {
			return err
		}
		if !cmd.Flags().Changed("partitions") && len(config) == 0 {
			return service.UsageError("nothing to change: give --partitions, --config or both")
		}
		if cmd.Flags().Changed("partitions") && (partitions < 1 || partitions > 10_000) {
			return service.UsageError("--partitions has to be from 1 to 10000")
		}
		before, err := Ask(ctx, o, func(ctx context.Context, s *Session) (int, error) {
			return alterTopic(ctx, s, args[0], int32(partitions), config)
		})
		if err != nil {
			return fmt.Errorf("alter topic %s: %w", args[0], err)
		}
		switch {
		case partitions > before:
			t.Say("%s: %d partitions, before %d", args[0], partitions, before)
			t.Note("from now on keys go to other partitions than before: the order of a key's messages breaks once")
		case partitions == before:
			t.Say("%s: has %s already", args[0], Count(partitions, "partition"))
		}
		for _, name := range sortedKeys(config) {
			t.Say("%s: %s=%s", args[0], name, config[name])
		}
		return nil
	})
	cmd.Flags().IntVar(&partitions, "partitions", 0, "as many partitions as the topic is to have")
	cmd.Flags().StringArrayVar(&configs, "config", nil, "a setting, NAME=VALUE, or NAME= for the brokers' default; may be given several times")
	NoDefault(cmd, "partitions")
	for _, name := range []string{"partitions", "config"} {
		cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

// alterTopic returns how many partitions there were. With 0 partitions it leaves them.
func alterTopic(ctx context.Context, s *Session, name string, partitions int32, config map[string]string) (before int, err error) {
	topic, err := s.Topic(name)
	if err != nil {
		return 0, err
	}
	before = len(topic.Partitions)
	if IsInternal(topic) && partitions > 0 {
		return before, service.UsageError("it is Kafka's own: with more partitions groups and transactions would be looked for in others than they are in. Nothing was changed")
	}
	if partitions > 0 && int(partitions) < before {
		return before, fmt.Errorf("it has %d partitions, and Kafka cannot take any away: to have %d, delete it with its messages and create it again", before, partitions)
	}
	entries := map[string]sarama.IncrementalAlterConfigsEntry{}
	for key, value := range config {
		entries[key] = sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &value}
		if value == "" {
			entries[key] = sarama.IncrementalAlterConfigsEntry{Operation: sarama.IncrementalAlterConfigsOperationDelete}
		}
	}
	for _, onlyCheck := range []bool{true, false} {
		if len(entries) > 0 {
			err := s.Retry(ctx, func() error { return s.Admin.IncrementalAlterConfig(sarama.TopicResource, name, entries, onlyCheck) })
			if err != nil {
				return before, err
			}
		}
		if int(partitions) > before {
			if err := s.Admin.CreatePartitions(name, partitions, nil, onlyCheck); err != nil && !Underway(err) {
				return before, err
			}
		}
	}
	if int(partitions) <= before {
		return before, nil
	}
	return before, s.Until(ctx, func(meta *sarama.MetadataResponse) bool { return led(meta, name, int(partitions)) })
}

// Until waits until the cluster is as it should be: brokers acknowledge a change before all of them know it.
func (s *Session) Until(ctx context.Context, done func(*sarama.MetadataResponse) bool) error {
	for {
		meta, err := s.Metadata()
		if err != nil {
			return err
		}
		if done(meta) {
			return nil
		}
		if err := service.Sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

func newTopicDeleteCommand(t *Tool) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete NAME...",
		Short: "Delete topics with their messages",
		Long: `delete deletes topics and every message in them, and waits until they are gone. It asks nothing, so each name has
to be exact: there are no patterns. Nothing is deleted where one of the topics does not exist or is Kafka's own.`,
		Example: "  workshop topics delete meu-topico\n  workshop topics delete meu-topico meu-topico.dlq",
		Args:    Some("topics"),
	}
	t.Bind(cmd, func(ctx context.Context, o *Options, names []string) error {
		o.Changes = true
		names = slices.Compact(slices.Sorted(slices.Values(names)))
		_, err := Ask(ctx, o, func(ctx context.Context, s *Session) (struct{}, error) { return struct{}{}, s.DeleteTopics(ctx, names) })
		if err != nil {
			return fmt.Errorf("delete topics: %w", err)
		}
		for _, name := range names {
			t.Say("%s deleted", name)
		}
		return nil
	})
	return cmd
}

func (s *Session) DeleteTopics(ctx context.Context, names []string) error {
	meta, err := s.Metadata()
	if err != nil {
		return err
	}
	topics, err := Find(meta, names...)
	if err != nil {
		return err
	}
	for _, t := range topics {
		if IsInternal(t) {
			return service.UsageError(fmt.Sprintf("%s is Kafka's own: without it groups lose their offsets, and transactions their state. Nothing was deleted", t.Name))
		}
	}
	for i, name := range names {
		if err := s.Admin.DeleteTopic(name); err != nil && !Underway(err) {
			return fmt.Errorf("%s: %w%s", name, err, deletedSoFar(names[:i]))
		}
	}
	return s.Until(ctx, func(meta *sarama.MetadataResponse) bool {
		return !slices.ContainsFunc(meta.Topics, func(t *sarama.TopicMetadata) bool { return slices.Contains(names, t.Name) })
	})
}

func deletedSoFar(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; deleted before: " + strings.Join(names, ", ")
}
