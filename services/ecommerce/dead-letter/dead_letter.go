// Dead-letter shows, counts and keeps the messages whose processing failed.
//
//	topic in:  ECOMMERCE_DEADLETTER, in the group DeadletterService
//	topic out: none: a dead letter never becomes another
//	key:       the original message's
//	store:     STATE_DIR/dead-letters.db, table letters
//	delivery:  at-least-once, and kept and counted once: cluster, partition and offset are unique in the
//	           table. Whatever cannot be read is shown and kept as it came
package deadletter

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/group"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the dead-letter, and exits.
func Main() {
	service.Main(service.About{
		Name:    "dead-letter",
		Summary: "dead-letter shows, counts and keeps the messages whose processing failed; «workshop dlq» sends them back.",
		Example: "  dead-letter\n" +
			"  workshop dlq replay ECOMMERCE_DEADLETTER      once what was wrong has been mended\n" +
			"  sqlite3 ~/.cache/kafka-workshop/dead-letters.db 'SELECT topic, reason, count(*) FROM letters GROUP BY 1, 2'",
	}, configure, run)
}

type config struct {
	stream stream.Settings
	dir    string
}

func configure(env *service.Env) config {
	return config{stream: stream.SettingsFromEnv(env, "DeadletterService", 1), dir: store.DirFromEnv(env)}
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	path := filepath.Join(cfg.dir, "dead-letters.db")
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers, "group", cfg.stream.Member.Group, "database",
		path)
	db, err := store.Open(ctx, path, migrations)
	if err != nil {
		return err
	}
	defer db.Close()
	a := &archive{db: db, process: p, counts: newCounts(cfg.stream.Topics(event.EcommerceTopics...), p)}
	err = cfg.stream.Members(ctx, p, event.DeadLetterTopic, func(int) func(context.Context, *group.Claim) error {
		return func(ctx context.Context, claim *group.Claim) error {
			// Asked anew for every session: while we run, the cluster may be thrown away and made again.
			cluster, err := clusterID(ctx, cfg.stream, p)
			if err != nil {
				return err
			}
			return stream.Each(ctx, p, claim, func(ctx context.Context, msg *sarama.ConsumerMessage) error {
				return a.take(ctx, cluster, msg)
			})
		}
	})
	p.Out.Print(a.counts.summary(p.Lang))
	return err
}

func clusterID(ctx context.Context, settings stream.Settings, p *service.Process) (string, error) {
	client, err := settings.Dial(ctx, settings.Config(p), p)
	if err != nil {
		return "", err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	return kafka.ClusterID(ctx, client)
}

// archive keeps letters and shows those that are new.
type archive struct {
	db      *store.DB
	process *service.Process
	counts  *counts
}

func (a *archive) take(ctx context.Context, cluster string, msg *sarama.ConsumerMessage) error {
	l := readLetter(msg)
	added, err := keep(ctx, a.db, cluster, msg, l)
	if err != nil {
		return err
	}
	if !added {
		a.counts.repeat()
		a.process.Out.Print(fmt.Sprintf(service.Pick(a.process.Lang, "já guardada: partição %d, offset %d",
			"kept already: partition %d, offset %d"), msg.Partition, msg.Offset))
		return nil
	}
	a.counts.add(l)
	a.process.Out.Print(l.block(a.process.Lang, msg))
	return nil
}
