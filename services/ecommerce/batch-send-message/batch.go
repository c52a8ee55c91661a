// Batch-send-message turns one command into a message to every user.
//
//	topic in:  ECOMMERCE_SEND_MESSAGE_TO_ALL_USERS, in the group BatchSendMessageService: the name of a topic
//	topic out: the topic that the command names; ECOMMERCE_DEADLETTER, for commands that cannot be followed
//	key:       in, the target topic's name; out, the user's uuid
//	store:     reads the users of user-service, USERS_DB
//	delivery:  at-least-once: a batch that is interrupted is sent anew from its begin, so that a user may
//	           get the message twice, and none is left out
package batchsendmessage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/store"
	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// Main runs the batch-send-message, and exits.
func Main() {
	service.Main(service.About{
		Name:    "batch-send-message",
		Summary: "batch-send-message sends a message to every user when a command asks for it: the command names the topic.",
		Example: "  batch-send-message\n" +
			"  batch-send-message --users-db /tmp/shop/users.db\n" +
			"  curl localhost:8080/admin/generate-reports      makes such a command",
	}, configure, run)
}

type config struct {
	stream stream.Settings
	users  string
}

func configure(env *service.Env) config {
	cfg := config{stream: stream.SettingsFromEnv(env, "BatchSendMessageService", 1)}
	cfg.users = env.Text("USERS_DB", filepath.Join(store.DirFromEnv(env), "users.db"), "a file", "the SQLite file of user-service")
	return cfg
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers, "group", cfg.stream.Member.Group, "users",
		cfg.users)
	sender, err := cfg.stream.NewSender(ctx, p)
	if err != nil {
		return err
	}
	defer sender.Close()
	b := &batch{config: cfg, sender: sender, process: p}
	return cfg.stream.Consume(ctx, p, event.SendToAllTopic, b.command)
}

type batch struct {
	config
	sender  *stream.Sender
	process *service.Process
}

func (b *batch) command(ctx context.Context, r stream.Received) error {
	topic, err := r.Text()
	if err != nil {
		return err
	}
	if err := b.check(ctx, topic); err != nil {
		return err
	}
	users, err := readUsers(ctx, b.users)
	if err != nil {
		return err
	}
	b.process.Out.Print(stream.Separator + "\nProcessing new batch\nTopic: " + topic)
	if err := b.sendAll(ctx, topic, r.CorrelationID.ContinueWith("BatchSendMessageService"), users); err != nil {
		return err
	}
	b.process.Out.Print(fmt.Sprintf("%s: %d users", topic, len(users)))
	return nil
}

// check refuses a target for good. The name comes from outside and says where we write: no topic but the
// system's own is open to it.
func (b *batch) check(ctx context.Context, topic string) error {
	if name := b.stream.Topic(topic); !service.LegalTopic(topic) || !service.LegalTopic(name) {
		return stream.Rejected(event.ReasonInvalidValue, "field %q: want a topic's name: 1 to 249 of a-z A-Z 0-9 . _ -", "payload")
	}
	if !strings.HasPrefix(topic, event.EcommercePrefix) {
		return stream.Rejected(event.ReasonInvalidValue, "field %q: want a topic whose name begins with %s", "payload", event.EcommercePrefix)
	}
	there, err := exists(ctx, b.sender.Client(), b.stream.Topic(topic))
	if err != nil {
		return fmt.Errorf("look for topic %s: %w", topic, err)
	}
	if !there {
		return stream.Rejected(stream.ReasonNoSuchTopic, "there is no topic %s: create it, and send the command again", topic)
	}
	return nil
}

// exists asks a broker. The client itself would go on asking for a minute.
func exists(ctx context.Context, client sarama.Client, topic string) (bool, error) {
	broker := client.LeastLoadedBroker()
	if broker == nil {
		return false, sarama.ErrOutOfBrokers
	}
	resp, err := kafka.Interruptible(ctx, func() (*sarama.MetadataResponse, error) {
		return broker.GetMetadata(sarama.NewMetadataRequest(client.Config().Version, []string{topic}))
	})
	if err != nil {
		broker.Close() // or the next try would use the same broken connection
		return false, err
	}
	for _, t := range resp.Topics {
		if t.Name == topic && t.Err == sarama.ErrUnknownTopicOrPartition {
			return false, nil
		}
	}
	return true, nil // with or without a leader at the moment
}

// readUsers reads every user's uuid. A file or a table that is not there yet is no mistake of the command:
// user-service will make it.
func readUsers(ctx context.Context, path string) ([]string, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there are no users yet, no %s: start user-service, or set USERS_DB to the file that it writes", path)
	}
	db, err := store.OpenShared(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var ready int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'Users'`).Scan(&ready); err != nil {
		return nil, store.Failed("read "+path, err)
	}
	if ready == 0 {
		return nil, fmt.Errorf("%s has no table Users yet: start user-service, or set USERS_DB to the file that it writes", path)
	}
	rows, err := db.QueryContext(ctx, `SELECT uuid FROM Users ORDER BY uuid`)
	if err != nil {
		return nil, store.Failed("read the users", err)
	}
	defer rows.Close()
	var users []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, store.Failed("read the users", err)
		}
		users = append(users, id)
	}
	if err := rows.Err(); err != nil {
		return nil, store.Failed("read the users", err)
	}
	return users, nil
}

// inFlight is how many messages wait for their acknowledgement at once. They share batches, so that many
// users do not take as many round trips; a batch has to end within group.HandleTimeout.
const inFlight = 200

func (b *batch) sendAll(ctx context.Context, topic string, way event.CorrelationID, users []string) error {
	sending, life := errgroup.WithContext(ctx)
	sending.SetLimit(inFlight)
	for _, id := range users {
		if life.Err() != nil {
			break
		}
		sending.Go(func() error { return b.sender.Send(life, topic, id, way, event.User{UUID: id}) })
	}
	if err := sending.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}
