// The scoreboard shows matches goal by goal.
//
//	topic in:  TOPIC (scoreGame), in the group CONSUMER_GROUP
//	topic out: DEAD_LETTER_TOPIC (TOPIC.dlq), for events that cannot be read; with
//	           DELIVERY=exactly-once BOARD_TOPIC (scoreBoard), the board after each event, by match
//	delivery:  DELIVERY=auto, at most five seconds of events are shown again after a crash;
//	           at-most-once, the last one may never be shown; at-least-once, it may be shown again;
//	           exactly-once, each event is on BOARD_TOPIC once (a screen cannot be in a transaction)
//	crash:     FAIL_AT_ID, on cue at the event with that id, once or (FAIL_MODE=always) each time
package scoreboard

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the scoreboard, and exits.
func Main() {
	service.Main(service.About{
		Name:    "scoreboard",
		Summary: "scoreboard shows the matches of a Kafka topic, as a member of a consumer group.",
		Example: "  scoreboard                             ends with the match\n" +
			"  scoreboard --matches 0                 match after match\n" +
			"  scoreboard --delivery at-least-once\n" +
			"  scoreboard --delivery at-most-once --fail-at-id 5",
	}, configure, run)
}

// The ways to commit; one file each.
const (
	autoCommit  = "auto"
	atMostOnce  = "at-most-once"
	atLeastOnce = "at-least-once"
	exactlyOnce = "exactly-once"
)

type config struct {
	cluster       kafka.Cluster
	member        kafka.Membership
	topic         string
	deadLetters   string // empty: unreadable events stop the scoreboard
	delivery      string
	boardTopic    string
	transactional kafka.Transactional
	batch         uint64 // events in a transaction at most
	matches       uint64
	crash         crashPlan
}

func configure(env *service.Env) config {
	cfg := config{
		cluster:  kafkaenv.Cluster(env),
		topic:    env.Topic("TOPIC", "scoreGame", "topic to read"),
		member:   kafkaenv.Membership(env, "group1"),
		delivery: env.OneOf("DELIVERY", autoCommit, []string{autoCommit, atMostOnce, atLeastOnce, exactlyOnce}, "when an offset is committed"),
		matches:  env.Number("MATCHES", 1, "matches to show to their end; 0: no end"),
		crash:    crashPlanFromEnv(env),
	}
	cfg.deadLetters = kafkaenv.DeadLetterTopic(env, cfg.topic)
	cfg.boardTopic = env.Topic("BOARD_TOPIC", "scoreBoard", "exactly-once: where the board is written after each event")
	// Stable over restarts, so that the next life of this member ends what this one leaves open, and
	// different for every member of the group that can be told apart.
	instance := cfg.member.InstanceID
	if instance == "" {
		instance = "0"
	}
	cfg.transactional = kafkaenv.Transactional(env, cfg.member.Group+"-"+instance,
		"exactly-once: of one program at a time; the older is fenced")
	cfg.batch = env.Number("TXN_BATCH", 1, "exactly-once: events that share a transaction, where so many are waiting; 1 to 10000")
	if cfg.batch < 1 || cfg.batch > 10_000 {
		env.Fail("TXN_BATCH", "accepted: 1 to 10000")
	}
	if cfg.delivery == exactlyOnce {
		if cfg.member.Isolation != sarama.ReadCommitted {
			env.Fail("ISOLATION", "DELIVERY=exactly-once would count goals that are aborted; accepted: read_committed")
		}
		if cfg.boardTopic == cfg.topic || cfg.boardTopic == cfg.deadLetters {
			env.Fail("BOARD_TOPIC", "accepted: a topic other than TOPIC and DEAD_LETTER_TOPIC")
		}
	}
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.cluster.Brokers, "topic", cfg.topic,
		"group", cfg.member.Group, "delivery", cfg.delivery)
	if err := cfg.crash.checkStateDir(); err != nil {
		return err
	}
	words := service.Pick(p.Lang, portuguese, english)
	p.Out.Print(words.waiting)

	conf := cfg.cluster.Config(p.Name)
	conf.MetricRegistry = kafka.Meters(p.Ops.Registry)
	cfg.member.Apply(conf)
	topics := []string{cfg.topic}
	if cfg.deadLetters != "" {
		topics = append(topics, cfg.deadLetters)
	}
	if cfg.delivery == exactlyOnce {
		topics = append(topics, cfg.boardTopic)
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

	crash, err := newCrash(ctx, cfg.crash, client, cfg, words, p)
	if err != nil {
		return err
	}
	r := newReader(letters, crash, newBoard(words), cfg.matches, p)
	if cfg.delivery == exactlyOnce {
		if r.once, err = newOnceOnly(ctx, cfg, client, p); err != nil {
			return err
		}
		defer r.once.Close()
	}
	member := &group.Consumer{
		Client: client, Redial: connect, Member: cfg.member, Topic: cfg.topic, Hooks: hooks,
		Handle: map[string]func(context.Context, *group.Claim) error{
			autoCommit: r.autoCommit, atMostOnce: r.atMostOnce, atLeastOnce: r.atLeastOnce, exactlyOnce: r.exactlyOnce,
		}[cfg.delivery],
		Assigned: func(given, lost, held []int32) {
			p.Log.Info("rebalance", "given", given, "lost", lost, "held", held)
			if len(held) == 0 {
				p.Out.Print(fmt.Sprintf(words.idle, cfg.member.Group))
			}
		},
	}
	p.Ops.ReadyWhen(member.Ready)
	err = member.Run(ctx)
	p.Out.Print(fmt.Sprintf(words.summary, r.read.Load(), letters.Skipped()))
	return err
}
