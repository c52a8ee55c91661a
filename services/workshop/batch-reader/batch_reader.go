// The batch-reader prints transactions as the consumers of the Java e-commerce course do: up to BATCH of them, then
// one commit for all. It is the program of the lab fetch-size, with what that lab turns.
//
//	topic in: TOPIC (transactions), in the group CONSUMER_GROUP
//	delivery: at-least-once: after a crash up to BATCH messages are printed again
package batchreader

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the batch-reader, and exits.
func Main() {
	service.Main(service.About{
		Name:    "batch-reader",
		Summary: "batch-reader prints the messages of a Kafka topic, and commits once every so many of them.",
		Example: "  batch-reader\n" +
			"  batch-reader --batch 1                  a commit a message\n" +
			"  batch-reader --fetch-bytes 16384        smaller answers, and more of them",
	}, configure, run)
}

type config struct {
	cluster    kafka.Cluster
	member     kafka.Membership
	topic      string
	batch      uint64
	fetchBytes uint64
	work       time.Duration
}

func configure(env *service.Env) config {
	return config{
		cluster:    kafkaenv.Cluster(env),
		topic:      env.Topic("TOPIC", "transactions", "topic to read"),
		member:     kafkaenv.Membership(env, "batch-reader"),
		batch:      env.Number("BATCH", 500, "messages between two commits; with fewer, it commits when no more come"),
		fetchBytes: env.Number("FETCH_BYTES", 1<<20, "most bytes of a partition in an answer; one batch of the producer at least"),
		work:       env.Duration("WORK", 0, "time that each message takes"),
	}
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	if cfg.batch == 0 || cfg.fetchBytes == 0 || cfg.fetchBytes > 1<<30 {
		return service.UsageError("BATCH and FETCH_BYTES: accepted: 1 and more, FETCH_BYTES up to 1 GiB")
	}
	conf := cfg.cluster.Config(p.Name)
	cfg.member.Apply(conf)
	conf.Consumer.Fetch.Default = int32(cfg.fetchBytes)
	// Sarama fetches ahead as long as there is room here, and a commit to the same broker waits behind a
	// fetch that finds nothing new: with the default of 256 the last 256 commits would each take 100 ms.
	conf.ChannelBufferSize = 0
	hooks := lines.Hooks(p)
	connect := cfg.cluster.MemberDialer(cfg.member, conf, []string{cfg.topic}, hooks.Waiting)
	client, err := connect(ctx)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	member := &group.Consumer{
		Client: client, Redial: connect, Member: cfg.member, Topic: cfg.topic, Hooks: hooks,
		Handle:   func(ctx context.Context, claim *group.Claim) error { return read(ctx, cfg, p, claim) },
		Assigned: func(_, _, _ []int32) {},
	}
	return member.Run(ctx)
}

// quiet is how long no message comes before a batch that is not full is committed. A Java client's poll would
// hand over what is there at once; here a batch is to be full wherever it can be.
const quiet = time.Second

// read handles one partition. What a crash repeats is what was printed since the last commit.
func read(ctx context.Context, cfg config, p *service.Process, claim *group.Claim) error {
	came := false // a message since the last look
	for msg := range claim.MessagesOr(quiet) {
		if msg == nil {
			if !came {
				if err := claim.Commit(); err != nil {
					return err
				}
			}
			came = false
			continue
		}
		came = true
		if err := wait.Sleep(ctx, cfg.work); err != nil {
			return nil
		}
		var line bytes.Buffer
		if err := json.Compact(&line, msg.Value); err != nil {
			return &kafka.FatalError{Err: fmt.Errorf("offset %d is no JSON: %w", msg.Offset, err)}
		}
		p.Out.Print(line.String())
		claim.Mark(msg)
		if uint64(claim.Pending()) >= cfg.batch {
			if err := claim.Commit(); err != nil {
				return err
			}
		}
	}
	return nil // what is marked is committed behind us
}
