// The producer publishes fake financial transactions.
//
//	topic out: TOPIC (transactions), 3 partitions
//	key:       id_usuario, so that a user's transactions stay in order
//	delivery:  acks=all and idempotent: an acknowledged message is in the log once, whatever was
//	           retried on the way; one that is not acknowledged is named, counted, and makes exit code 1
package producer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the producer, and exits.
func Main() {
	service.Main(service.About{
		Name:    "producer",
		Summary: "producer publishes fake financial transactions to a Kafka topic.",
		Example: "  producer                               one every two seconds, for ever\n" +
			"  producer --pace 0 --count 100000 --compression lz4\n" +
			"  producer --seed 42 --count 10 --pace 100ms  the same ten every time",
	}, configure, run)
}

type config struct {
	cluster    kafka.Cluster
	publishing kafka.Publishing
	publisher  string // kafkaenv.PublisherBatch or PublisherSarama
	topic      string
	pace       time.Duration
	count      uint64
	seed       uint64
	buffer     int // messages that may wait at each step of their way through sarama
}

func configure(env *service.Env) config {
	return config{
		cluster:    kafkaenv.Cluster(env),
		publishing: kafkaenv.Publishing(env),
		publisher:  kafkaenv.Publisher(env),
		topic:      env.Topic("TOPIC", "transactions", "topic to publish to"),
		pace:       env.Duration("PACE", 2*time.Second, "time between messages; 0: as fast as it goes"),
		count:      env.Number("COUNT", 0, "messages to publish; 0: no end"),
		buffer:     4096,
		seed:       env.Seed("SEED", rand.Uint64, "fixes the messages, but for id_transacao and cadastro_em"),
	}
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.cluster.Brokers, "topic", cfg.topic, "pace", cfg.pace, "seed", cfg.seed)
	words := service.Pick(p.Lang, portuguese, english)

	conf := cfg.cluster.Config(p.Name)
	conf.MetricRegistry = kafka.Meters(p.Ops.Registry)
	cfg.publishing.Apply(conf)
	// A batch is what makes Kafka fast. At a pace of seconds the 5 ms pass unnoticed; at PACE=0 they
	// gather thousands of messages into one request. This is for PUBLISHER=sarama: kit/kafka/publish does not wait.
	conf.Producer.Flush.Frequency = 5 * time.Millisecond
	conf.Producer.Flush.MaxMessages = 5000
	conf.ChannelBufferSize = cfg.buffer

	client, err := cfg.cluster.Dial(ctx, conf, []string{cfg.topic}, lines.Hooks(p).Waiting)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	kafka.FitBatches(ctx, client, client.Config().Producer.MaxMessageBytes, cfg.topic)
	publisher := &publisher{
		cfg: cfg, words: words, process: p, account: newAccount(p), intents: p.History.Batch(), outcomes: p.History.Batch(),
	}
	if publisher.sender, err = newSender(ctx, cfg, client, publisher.report); err != nil {
		return fmt.Errorf("producer: %w", err)
	}
	p.Out.Print(words.ready)

	p.Ops.ReadyWhen(publisher.account.ready)
	ahead := 1
	if cfg.pace == 0 {
		ahead = together
	}
	return publisher.run(ctx, newGenerator(cfg.seed, time.Now, ahead))
}
