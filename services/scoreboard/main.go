// The scoreboard shows matches goal by goal.
//
//	topic in:  TOPIC (scoreGame), in the group CONSUMER_GROUP
//	topic out: DEAD_LETTER_TOPIC (TOPIC.dlq), for events that cannot be read
//	delivery:  DELIVERY=auto, at most five seconds of events are shown again after a crash;
//	           at-most-once, the last one may never be shown; at-least-once, it may be shown again
//	crash:     FAIL_AT_ID, on cue at the event with that id, once or (FAIL_MODE=always) each time
package main

import (
	"context"
	"fmt"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

func main() {
	service.Main(service.About{
		Name:    "scoreboard",
		Summary: "scoreboard shows the matches of a Kafka topic, as a member of a consumer group.",
		Example: "  scoreboard                             ends with the match\n" +
			"  MATCHES=0 scoreboard                   match after match\n" +
			"  DELIVERY=at-least-once scoreboard\n" +
			"  DELIVERY=at-most-once FAIL_AT_ID=5 scoreboard",
	}, configure, run)
}

// The ways to commit; one file each.
const (
	autoCommit  = "auto"
	atMostOnce  = "at-most-once"
	atLeastOnce = "at-least-once"
)

type config struct {
	cluster     kafka.Cluster
	member      kafka.Membership
	topic       string
	deadLetters string // empty: unreadable events stop the scoreboard
	delivery    string
	matches     uint64
	crash       crashPlan
}

func configure(env *service.Env) config {
	cfg := config{
		cluster:  kafka.ClusterFromEnv(env),
		topic:    env.Topic("TOPIC", "scoreGame", "topic to read"),
		member:   kafka.MembershipFromEnv(env, "group1"),
		delivery: env.OneOf("DELIVERY", autoCommit, []string{autoCommit, atMostOnce, atLeastOnce}, "when an offset is committed"),
		matches:  env.Number("MATCHES", 1, "matches to show to their end; 0: no end"),
		crash:    crashPlanFromEnv(env),
	}
	cfg.deadLetters = kafka.DeadLetterTopicFromEnv(env, cfg.topic)
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.cluster.Brokers, "topic", cfg.topic, "group", cfg.member.Group, "delivery", cfg.delivery)
	if err := cfg.crash.checkStateDir(); err != nil {
		return err
	}
	words := service.Pick(p.Lang, portuguese, english)
	p.Out.Print(words.waiting)

	conf := cfg.cluster.Config(p.Name)
	cfg.member.Apply(conf)
	topics := []string{cfg.topic}
	if cfg.deadLetters != "" {
		topics = append(topics, cfg.deadLetters)
	}
	client, err := cfg.cluster.Dial(ctx, conf, topics, func(cause error) {
		p.Out.Print(kafka.WaitingLine(p.Lang, cause))
	})
	if err != nil {
		return err
	}
	defer service.CloseWithin(time.Second, client)
	letters, err := cfg.cluster.NewDeadLetters(ctx, conf, p, cfg.deadLetters)
	if err != nil {
		return err
	}
	defer letters.Close()

	crash, err := newCrash(cfg.crash, client, cfg, words, p.Out)
	if err != nil {
		return err
	}
	r := newReader(letters, crash, newBoard(words), cfg.matches, p)
	group := &kafka.Group{
		Client: client, Member: cfg.member, Topic: cfg.topic, Process: p,
		Handle: map[string]func(context.Context, *kafka.Claim) error{
			autoCommit: r.autoCommit, atMostOnce: r.atMostOnce, atLeastOnce: r.atLeastOnce,
		}[cfg.delivery],
		Assigned: func(given, lost, held []int32) { p.Log.Info("rebalance", "given", given, "lost", lost, "held", held) },
	}
	p.Ops.ReadyWhen(group.Ready)
	err = group.Run(ctx)
	p.Out.Print(fmt.Sprintf(words.summary, r.read.Load(), letters.Skipped()))
	return err
}
