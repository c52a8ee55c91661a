// The consumer prints financial transactions.
//
//	topic in:  TOPIC (transactions), in the group CONSUMER_GROUP
//	topic out: DEAD_LETTER_TOPIC (TOPIC.dlq), for messages that cannot be read
//	delivery:  at-least-once: an offset is committed after its message was printed, or is a dead
//	           letter; after a crash the last messages may be printed again, none is left out
package consumer

import (
	"context"
	"fmt"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the consumer, and exits.
func Main() {
	service.Main(service.About{
		Name:    "consumer",
		Summary: "consumer prints the financial transactions of a Kafka topic, as a member of a consumer group.",
		Example: "  consumer\n" +
			"  consumer --consumer-group mine --auto-offset-reset latest\n" +
			"  consumer --group-instance-id desk-7     a restart takes its partitions back at once",
	}, configure, run)
}

type config struct {
	cluster     kafka.Cluster
	member      kafka.Membership
	topic       string
	deadLetters string // empty: unreadable messages stop the consumer
}

func configure(env *service.Env) config {
	cfg := config{
		cluster: kafkaenv.Cluster(env),
		topic:   env.Topic("TOPIC", "transactions", "topic to read"),
		member:  kafkaenv.Membership(env, "cg-group-id"),
	}
	cfg.deadLetters = kafkaenv.DeadLetterTopic(env, cfg.topic)
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.cluster.Brokers, "topic", cfg.topic, "group", cfg.member.Group)
	words := service.Pick(p.Lang, portuguese, english)

	conf := cfg.cluster.Config(p.Name)
	conf.MetricRegistry = kafka.Meters(p.Ops.Registry)
	cfg.member.Apply(conf)
	conf.ChannelBufferSize = 1024 // messages of a partition that wait for their turn: with fewer, goroutines are woken for a handful
	topics := []string{cfg.topic}
	if cfg.deadLetters != "" {
		topics = append(topics, cfg.deadLetters) // found missing now rather than at the first bad message
	}
	hooks := lines.Hooks(p)
	connect := cfg.cluster.MemberDialer(cfg.member, conf, topics, hooks.Waiting)
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	letters, err := cfg.cluster.NewDeadLetters(ctx, conf, cfg.deadLetters, hooks)
	if err != nil {
		return err
	}
	defer letters.Close()
	p.Out.Print(words.ready)

	reader := newReader(letters, p)
	member := &group.Consumer{
		Client: client, Redial: connect, Member: cfg.member, Topic: cfg.topic, Hooks: hooks,
		Handle:   reader.consume,
		Assigned: func(given, lost, held []int32) { p.Out.Print(words.rebalance(given, lost, held)) },
	}
	p.Ops.ReadyWhen(member.Ready)
	err = member.Run(ctx)
	p.Out.Print(fmt.Sprintf(words.summary, reader.read.Load(), letters.Skipped()))
	return err
}
