// The fraud detector approves orders, or rejects them.
//
//	topic in:  ECOMMERCE_NEW_ORDER, in the group FraudDetectorService
//	topic out: ECOMMERCE_ORDER_APPROVED or ECOMMERCE_ORDER_REJECTED (4500 and more), by e-mail address;
//	           ECOMMERCE_DEADLETTER, for messages that are no orders
//	delivery:  each order is decided once, however often it arrives: decide.go
package frauddetector

import (
	"context"
	"fmt"
	"path/filepath"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/lines"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// title is the detector's in a correlation id, and the name of its group.
const title = "FraudDetectorService"

// Main runs the fraud-detector, and exits.
func Main() {
	service.Main(service.About{
		Name:    "fraud-detector",
		Summary: "fraud-detector decides on each new order once: approved, or rejected from 4500 on.",
		Example: "  fraud-detector\n" +
			"  fraud-detector --state-dir /tmp/fraud   decisions are remembered in /tmp/fraud/fraud-detector.db",
	}, configure, run)
}

type config struct {
	stream        stream.Settings
	transactional kafka.Transactional
	file          string
	remember      string
}

func configure(env *service.Env) config {
	cfg := config{stream: stream.SettingsFromEnv(env, title, 1), file: filepath.Join(store.DirFromEnv(env), "fraud-detector.db")}
	cfg.remember = env.OneOf("REMEMBER", byPlace, []string{byPlace, byUUID, byNobody},
		"what tells a record from a repeated order; all but the first are broken on purpose")
	// Stable over restarts: the next life ends at once what this one leaves open.
	instance := cfg.stream.Member.InstanceID
	if instance == "" {
		instance = "0"
	}
	cfg.transactional = kafkaenv.Transactional(env, cfg.stream.Member.Group+"-"+instance, "of one program at a time; the older is fenced")
	if cfg.stream.Workers != 1 {
		env.Fail("WORKERS", "accepted: 1; a producer has one transaction at a time, and the file one writer")
	}
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers,
		"group", cfg.stream.Member.Group, "file", cfg.file)
	db, err := store.Open(ctx, cfg.file, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	conf := cfg.stream.Config(p)
	// A dead letter is sent in the transaction too, and is larger than its message.
	conf.Producer.MaxMessageBytes = kafka.DefaultMaxMessageBytes + kafka.DeadLetterRoom
	client, err := cfg.stream.Dial(ctx, conf, p,
		event.NewOrderTopic, event.OrderApprovedTopic, event.OrderRejectedTopic, event.DeadLetterTopic)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	cluster, err := kafka.ClusterID(ctx, client)
	if err != nil {
		return err
	}
	letters, err := cfg.stream.NewLetters(ctx, p)
	if err != nil {
		return err
	}
	defer letters.Close()
	transactor, err := cfg.stream.Cluster.NewTransactor(ctx, client, conf, cfg.transactional, lines.Hooks(p))
	if err != nil {
		return err
	}
	defer transactor.Close()

	d := newDetector(cfg.stream, client, &decisions{db: db, cluster: cluster, remember: cfg.remember}, transactor, letters, p)
	over := make(chan struct{})
	go d.records.run(ctx, over)
	err = cfg.stream.Members(ctx, p, event.NewOrderTopic, func(int) func(context.Context, *group.Claim) error { return d.claim })
	close(over) // every claim has left
	p.Out.Print(fmt.Sprintf(service.Pick(p.Lang, "fim: %d aprovados, %d rejeitados, %d repetidos, %d mensagens mortas",
		"end: %d approved, %d rejected, %d repeated, %d dead letters"),
		d.approved.Load(), d.rejected.Load(), d.repeated.Load(), letters.Skipped()))
	return err
}
