package topic

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

func newApplyCommand(t *session.Tool) *cobra.Command {
	a := &applier{Tool: t}
	var specs []string
	var ecommerce bool
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Create the workshop's topics, or others, where they are missing",
		Long: `apply waits for the brokers and then creates the workshop's topics where they are missing, with three replicas
or, with a warning, as many as there are brokers. Applying again changes nothing. With --topic it creates
the topics named instead, each with the topic for its dead letters (NAME.dlq), as the services expect them,
and with --ecommerce those of the e-commerce system, with TOPIC_PREFIX before their names.

Their partitions, and those of Kafka's own topics, go back to their preferred leaders, as far as those are in sync:
after all brokers were stopped one of them leads everything. Users who may not alter the cluster go without.

A topic that exists with other partitions or fewer replicas is never changed: it is reported on standard error,
and the exit code stays 0, because the programs work with it all the same.

Exit codes: 0 every topic is there; 1 not within the timeout, or interrupted; 2 wrong use.`,
		Example: `  workshop topics apply
  workshop topics apply --min-brokers 3 --timeout 2m
  workshop topics apply --bootstrap-servers localhost:19092
  workshop topics apply --ecommerce
  workshop topics apply --topic my-topic:3     then: TOPIC=my-topic producer`,
		Args: cobra.NoArgs,
	}
	t.BindLasting(cmd, func(ctx context.Context, o *session.Options, _ []string) error {
		var err error
		if a.cluster, err = o.Cluster(); err != nil {
			return err
		}
		if a.minBrokers < 1 || a.timeout <= 0 {
			return service.UsageError("--min-brokers and --timeout have to be greater than 0")
		}
		a.topics, err = parseTopics(t, specs)
		if ecommerce {
			a.topics, err = t.Ecommerce()
		}
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, a.timeout)
		defer cancel()
		return a.run(ctx)
	})
	cmd.Flags().StringArrayVar(&specs, "topic", nil, "topic to create instead, as NAME:PARTITIONS; may be given several times")
	cmd.Flags().BoolVar(&ecommerce, "ecommerce", false, "create the topics of the e-commerce system instead")
	cmd.MarkFlagsMutuallyExclusive("topic", "ecommerce")
	cmd.Flags().IntVar(&a.minBrokers, "min-brokers", 1, "wait until this many brokers are registered")
	cmd.Flags().DurationVar(&a.timeout, "timeout", 2*time.Minute, "how long to wait for brokers and topics in all")
	return cmd
}

// parseTopics parses topics given as NAME:PARTITIONS, each with its dead-letter topic. Without any it returns the standard topics.
func parseTopics(t *session.Tool, specs []string) ([]kafka.Topic, error) {
	if len(specs) == 0 {
		return t.Standard, nil
	}
	var topics []kafka.Topic
	for _, spec := range specs {
		name, number, _ := strings.Cut(spec, ":")
		partitions, err := strconv.ParseInt(number, 10, 32)
		if err != nil || partitions < 1 || !service.LegalTopic(name) || !service.LegalTopic(name+".dlq") {
			return nil, service.UsageError(fmt.Sprintf("--topic %q: accepted: NAME:PARTITIONS, such as my-topic:3; "+
				"a name has 1 to 245 of a-z A-Z 0-9 . _ -, partitions are 1 or more", spec))
		}
		topics = append(topics, kafka.Topic{Name: name, Partitions: int32(partitions), Replicas: 3}.WithDeadLetters()...)
	}
	return topics, nil
}
