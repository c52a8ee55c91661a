package topic

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

func newAlterCommand(t *session.Tool) *cobra.Command {
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
		Args: session.One("topic"),
	}
	t.Bind(cmd, func(ctx context.Context, o *session.Options, args []string) error {
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
		if cmd.Flags().Changed("partitions") {
			o.Needs("Alter", "topic", args[0])
		}
		o.Needs("AlterConfigs", "topic", args[0])
		before, err := session.Ask(ctx, o, func(ctx context.Context, s *session.Session) (int, error) {
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
			t.Say("%s: has %s already", args[0], session.Count(partitions, "partition"))
		}
		for _, name := range sortedKeys(config) {
			t.Say("%s: %s=%s", args[0], name, config[name])
		}
		return nil
	})
	cmd.Flags().IntVar(&partitions, "partitions", 0, "as many partitions as the topic is to have")
	cmd.Flags().StringArrayVar(&configs, "config", nil, "a setting, NAME=VALUE, or NAME= for the brokers' default; may be given several times")
	session.NoDefault(cmd, "partitions")
	return cmd
}

// alterTopic changes a topic and returns how many partitions it had. With 0 partitions it does not add any.
func alterTopic(ctx context.Context, s *session.Session, name string, partitions int32, config map[string]string) (before int, err error) {
	topic, err := s.Topic(name)
	if err != nil {
		return 0, err
	}
	before = len(topic.Partitions)
	if session.IsInternal(topic) && partitions > 0 {
		return before, service.UsageError("it is Kafka's own: with more partitions groups and transactions would be looked for " +
			"in others than they are in. Nothing was changed")
	}
	if partitions > 0 && int(partitions) < before {
		return before, fmt.Errorf("it has %d partitions, and Kafka cannot take any away: to have %d, "+
			"delete it with its messages and create it again", before, partitions)
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
			if err := s.Admin.CreatePartitions(name, partitions, nil, onlyCheck); err != nil && !session.Underway(err) {
				return before, err
			}
		}
	}
	if int(partitions) <= before {
		return before, nil
	}
	return before, s.Until(ctx, func(meta *sarama.MetadataResponse) bool { return led(meta, name, int(partitions)) })
}

// led reports whether a topic has that many partitions and all of them have leaders.
func led(meta *sarama.MetadataResponse, name string, partitions int) bool {
	found, err := session.Find(meta, name)
	return err == nil && len(found[0].Partitions) >= partitions &&
		!slices.ContainsFunc(found[0].Partitions, func(p *sarama.PartitionMetadata) bool { return p.Leader < 0 })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
