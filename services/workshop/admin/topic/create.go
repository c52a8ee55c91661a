package topic

import (
	"context"
	"fmt"
	"strings"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

func newCreateCommand(t *session.Tool) *cobra.Command {
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
		Args: session.One("topic"),
	}
	t.Bind(cmd, func(ctx context.Context, o *session.Options, args []string) error {
		o.Changes = true
		o.Needs("Create", "topic", args[0])
		config, err := parseConfig(configs)
		switch {
		case err != nil:
			return err
		case partitions < 1 || partitions > 10_000 || replicas > 100 || replicas < 1 && cmd.Flags().Changed("replication-factor"):
			return service.UsageError("--partitions has to be from 1 to 10000, and --replication-factor from 1 to the number of brokers")
		}
		topic := kafka.Topic{Name: args[0], Partitions: int32(partitions), Replicas: int16(replicas), Config: config}
		copies := true
		made, err := session.Ask(ctx, o, func(ctx context.Context, s *session.Session) (kafka.Applied, error) {
			meta, err := s.Metadata()
			if err != nil {
				return kafka.Applied{}, err
			}
			copies = !session.IsEmbedded(meta)
			return createTopic(ctx, s, meta, topic, t.Waiting)
		})
		if err != nil {
			return err
		}
		t.Line(t.In(service.Textf("%s criado: %s", "%s created: %s", topic.Name,
			t.Words("%s, %s", session.Count(topic.Partitions, "partition"), session.Count(made.Replicas, "replica")))))
		if !copies && made.Replicas > 1 {
			t.NoteCopies()
		}
		return nil
	})
	cmd.Flags().IntVar(&partitions, "partitions", 1, "number of partitions")
	cmd.Flags().IntVar(&replicas, "replication-factor", 0,
		"copies of each partition, on as many brokers (default: 3, or as many as there are brokers)")
	cmd.Flags().StringArrayVar(&configs, "config", nil, "a setting of the topic, NAME=VALUE; may be given several times")
	session.NoDefault(cmd, "replication-factor")
	return cmd
}

// parseConfig parses settings given as NAME=VALUE. An empty value means the default.
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

func createTopic(
	ctx context.Context, s *session.Session, meta *sarama.MetadataResponse, topic kafka.Topic, waiting kafka.Waiting,
) (made kafka.Applied, err error) {
	if found, err := session.Find(meta, topic.Name); err == nil {
		return made, fmt.Errorf("topic %s exists, with %s and %s; «workshop topics alter» changes it, «workshop topics delete» deletes it",
			topic.Name, session.Count(len(found[0].Partitions), "partition"), session.Count(session.ReplicationFactor(found[0]), "replica"))
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

// collision returns an error if a name differs from another only in . and _. Kafka rejects it: their metrics would have one name.
func collision(meta *sarama.MetadataResponse, name string) error {
	metric := func(name string) string { return strings.ReplaceAll(name, ".", "_") }
	for _, t := range meta.Topics {
		if t.Name != name && metric(t.Name) == metric(name) {
			return fmt.Errorf("topic %s collides with %s: in the names of metrics . and _ are the same, "+
				"so Kafka takes only one of them; choose another name", name, t.Name)
		}
	}
	return nil
}

func tooManyReplicas(replicas int, up []*sarama.Broker) error {
	return fmt.Errorf("replication factor %d needs %s, and %d are up: choose fewer, or start more",
		replicas, session.Count(replicas, "broker"), len(up))
}
