// The share-worker works through the transactions of a topic as a member of a share group (KIP-932): the broker hands each record to one
// worker, which acknowledges it by itself, and more workers than partitions have something to do. It is the program of the lab share-group,
// with what that lab turns. Sarama knows no share groups: the client is franz-go.
//
//	topic in: TOPIC (transactions), in the share group CONSUMER_GROUP
//	delivery: at-least-once: what a worker has not acknowledged when it dies is delivered again
package shareworker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Main runs the share-worker, and exits.
func Main() {
	service.Main(service.About{
		Name:    "share-worker",
		Summary: "share-worker works through the transactions of a Kafka topic as a member of a share group.",
		Example: "  share-worker\n" +
			"  share-worker --batch 1                  a record at a time\n" +
			"  share-worker --release-once 10,20 --reject 30",
	}, configure, run)
}

// The moments at which a record is acknowledged.
const (
	ackAfter  = "after"
	ackBefore = "before"
)

type config struct {
	cluster kafka.Cluster
	group   string
	topic   string
	batch   uint64
	work    time.Duration
	ack     string

	// By the transaction's id_sequencia.
	releaseOnce, releaseAlways, reject []int64
}

func configure(env *service.Env) config {
	return config{
		cluster: kafkaenv.Cluster(env),
		group:   env.Text("CONSUMER_GROUP", "share-worker", "a name", "share group; each record goes to one of its members"),
		topic:   env.Topic("TOPIC", "transactions", "topic to read"),
		batch:   env.Number("BATCH", 5, "most records that are acquired at once"),
		work:    env.Duration("WORK", 0, "time that each record takes"),
		ack: env.OneOf("ACK", ackAfter, []string{ackAfter, ackBefore},
			"when records are accepted: after the work, or before it, and then a crash loses them"),
		releaseOnce:   ids(env, "RELEASE_ONCE", "records that are released at their first delivery: another worker is to have them"),
		releaseAlways: ids(env, "RELEASE_ALWAYS", "records that are released at each delivery"),
		reject:        ids(env, "REJECT", "records that are rejected: nobody is to have them"),
	}
}

// ids is a list of id_sequencia.
func ids(env *service.Env, name, help string) (list []int64) {
	value := env.Text(name, "", "values of id_sequencia, with commas between them", help)
	for field := range strings.SplitSeq(value, ",") {
		if value == "" {
			break
		}
		id, err := strconv.ParseInt(strings.TrimSpace(field), 10, 64)
		if err != nil || id < 1 {
			env.Fail(name, fmt.Sprintf("%q is no id: whole numbers from 1, with commas between them, such as 10,20", field))
			return nil
		}
		list = append(list, id)
	}
	return list
}

// patience is how long a broker has to answer at the start.
const patience = 30 * time.Second

func run(ctx context.Context, cfg config, p *service.Process) error {
	if cfg.batch == 0 || cfg.batch > 1000 {
		return service.UsageError("BATCH: accepted: 1 to 1000")
	}
	conf := cfg.cluster.Config(p.Name)
	dialer := conf.Net.Proxy.Dialer // with TLS and the login, as for sarama
	client, err := kgo.NewClient(
		kgo.SeedBrokers(cfg.cluster.Brokers...),
		kgo.ClientID(conf.ClientID),
		kgo.Rack(conf.RackID),
		kgo.Dialer(func(_ context.Context, network, addr string) (net.Conn, error) { return dialer.Dial(network, addr) }),
		kgo.ShareGroup(cfg.group),
		kgo.ConsumeTopics(cfg.topic),
		// As many as are worked on, not as many as there are: what one worker has acquired no other is given.
		kgo.ShareMaxRecords(int32(cfg.batch)),
		kgo.ShareMaxRecordsStrict(),
		kgo.ShareAckCallback(func(_ *kgo.Client, results kgo.ShareAckResults) {
			for _, r := range results {
				if r.Err != nil {
					p.Log.Warn("an acknowledgement was refused: the records will be delivered again", "partition", r.Partition, "err", r.Err)
				}
			}
		}),
	)
	if err != nil {
		return err
	}
	// Close leaves the group, which releases what was not acknowledged.
	defer client.Close()
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := client.Ping(within); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("no answer from the brokers %s: %w", strings.Join(cfg.cluster.Brokers, ","), err)
	}
	w := &worker{cfg, p, client}
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		if err := failed(fetches.Errors()); err != nil {
			return err
		}
		if records := fetches.Records(); len(records) > 0 {
			if err := w.handle(ctx, records); err != nil {
				return err
			}
		}
	}
	return nil
}

// failed is the first error that franz-go does not retry.
func failed(errs []kgo.FetchError) error {
	for _, e := range errs {
		if !errors.Is(e.Err, context.Canceled) && !errors.Is(e.Err, kgo.ErrClientClosed) {
			return fmt.Errorf("share group: %w", e.Err)
		}
	}
	return nil
}

type worker struct {
	config
	*service.Process
	client *kgo.Client
}

// outcome is a line for each delivery of a record, in the order of the work. Outcome is the protocol's word.
type outcome struct {
	IDTransacao string `json:"id_transacao"`
	IDSequencia int64  `json:"id_sequencia"`
	Delivery    int32  `json:"delivery"` // 1 is the first
	Outcome     string `json:"outcome"`  // accept, release or reject
}

// handle works on records that this worker has acquired, says what becomes of each, and then acknowledges all of them. What a crash
// repeats is what was said since the last acknowledgement.
func (w *worker) handle(ctx context.Context, records []*kgo.Record) error {
	acks := make([]kgo.AckStatus, len(records))
	lines := make([]outcome, len(records))
	for i, r := range records {
		tx, err := event.DecodeTransaction(r.Value)
		if err != nil {
			return &kafka.FatalError{Err: fmt.Errorf("offset %d: %w", r.Offset, err)}
		}
		lines[i] = outcome{tx.IDTransacao, tx.IDSequencia, r.DeliveryCount(), ""}
		acks[i], lines[i].Outcome = w.decide(tx.IDSequencia, r.DeliveryCount())
	}
	w.acquired(lines)
	if w.ack == ackBefore {
		if err := w.acknowledge(ctx, records, acks); err != nil {
			return err
		}
	}
	done := 0
	for _, line := range lines {
		if wait.Sleep(ctx, w.work) != nil {
			break // what is not done is released at the end
		}
		if err := w.print(line); err != nil {
			return err
		}
		done++
	}
	if w.ack == ackBefore {
		return nil
	}
	return w.acknowledge(ctx, records[:done], acks)
}

// decide is what becomes of a record.
func (w *worker) decide(id int64, delivery int32) (kgo.AckStatus, string) {
	switch {
	case slices.Contains(w.reject, id):
		return kgo.AckReject, "reject"
	case slices.Contains(w.releaseAlways, id), slices.Contains(w.releaseOnce, id) && delivery == 1:
		return kgo.AckRelease, "release"
	}
	return kgo.AckAccept, "accept"
}

// acquired says what the worker has now, and nobody else.
func (w *worker) acquired(lines []outcome) {
	ids := make([]int64, len(lines))
	for i, line := range lines {
		ids[i] = line.IDSequencia
	}
	w.print(struct {
		Acquired []int64 `json:"acquired"`
	}{ids})
}

func (w *worker) print(line any) error {
	text, err := json.Marshal(line)
	if err == nil {
		w.Out.Print(string(text))
	}
	return err
}

// acknowledge tells the broker, and waits for its answer; at a stop not for long.
func (w *worker) acknowledge(ctx context.Context, records []*kgo.Record, acks []kgo.AckStatus) error {
	for i, r := range records {
		r.Ack(acks[i])
	}
	if err := w.client.FlushAcks(ctx); err == nil || ctx.Err() == nil {
		return err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait.CloseTimeout)
	defer cancel()
	return w.client.FlushAcks(last)
}
