package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafka/share"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var shareGroupText = Labs.Texts("share-group")

var _ = add(Lab{
	Name:     "share-group",
	Kafka4:   true,
	run:      runShareGroup,
	Controls: []Control{ackBeforeWork},
})

const (
	shareTasks   = 60
	shareWorkers = 3
	shareBatch   = 5
	shareWork    = 100 * time.Millisecond
	deliveries   = 5 // of a record at most: group.share.delivery.count.limit, unless somebody has changed it
)

// What becomes of these, by id_sequencia.
const (
	taskReleased = 20 // once
	taskRejected = 30
	taskRefused  = 40 // released each time
)

func special(id int) bool { return id == taskReleased || id == taskRejected || id == taskRefused }

func runShareGroup(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	topic := b.Name("transactions")
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: 1, Replicas: 3}.WithDeadLetters()...); err != nil {
		return nil, err
	}
	q := &queue{bench: b, topic: topic, group: b.Group("share-group")}
	if err := q.prepare(ctx); err != nil {
		return nil, err
	}
	if err := produce(ctx, b, "producer", topic, shareTasks, "PACE=0"); err != nil {
		return nil, err
	}
	if err := q.log.look(ctx, b, topic); err != nil {
		return nil, err
	}
	if err := q.work(ctx); err != nil {
		return nil, err
	}
	beside, err := besideConsumers(ctx, b, topic, &q.log)
	if err != nil {
		return nil, err
	}
	return []report.Part{q.judge(), beside}, nil
}

// queue is a share group at work.
type queue struct {
	bench        *rig.Bench
	topic, group string
	log          transactions
	workers      []*rig.Process
	victim       *rig.Process
	held         []int     // what the victim had acquired when it died
	died         time.Time // of the victim
}

// prepare makes the group begin with the first record: by default it begins with what comes after its first member.
func (q *queue) prepare(ctx context.Context) error {
	b := q.bench
	client, err := share.Dial(ctx, b.Cluster.Config("workshop"), b.Client.Brokers()[0].Addr())
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err = client.Describe(q.group); errors.Is(err, sarama.ErrUnsupportedVersion) {
		return &rig.NotRun{
			OtherCluster: true,
			Cause: "these brokers have no share groups (KIP-932), which Kafka has from 4.2 on. " +
				"Leave --bootstrap-servers out, and the lab starts a " +
				"cluster that has them, or start Kafka 4: docker compose -f compose.kraft.yaml up -d, or KRAFT=1 make kafka-up",
		}
	}
	return client.Configure(q.group, "share.auto.offset.reset", "earliest")
}

// work starts the workers, kills one that has said what it did of some of its records and told the broker of none, and waits until
// nothing is left to do.
func (q *queue) work(ctx context.Context) error {
	for i := range shareWorkers {
		name := fmt.Sprint("worker-", i+1)
		p, err := q.bench.Quietly(name, "share-worker", "TOPIC="+q.topic, "CONSUMER_GROUP="+q.group, "WORK="+shareWork.String(),
			fmt.Sprint("BATCH=", shareBatch), fmt.Sprint("RELEASE_ONCE=", taskReleased), fmt.Sprint("RELEASE_ALWAYS=", taskRefused),
			fmt.Sprint("REJECT=", taskRejected))
		if err != nil {
			return err
		}
		q.workers = append(q.workers, p)
	}
	q.victim = q.workers[0]
	if err := q.victim.Await(ctx, "a worker is in the middle of its records", func(lines []rig.Line) bool {
		held, done := holding(lines)
		return len(held) == shareBatch && done == 2 && !slices.ContainsFunc(held, special)
	}); err != nil {
		return err
	}
	q.victim.Kill()
	q.died = time.Now()
	var done int
	if q.held, done = holding(q.victim.Lines()); done == len(q.held) || slices.ContainsFunc(q.held, special) {
		return &rig.NotRun{Cause: "the worker was not killed in the middle of its records: the machine is too busy for this lab"}
	}
	q.bench.Say(shareGroupText("killed", q.victim.Name, len(q.held), done))
	if err := rig.Await(ctx, "the group has nothing left to do", func() bool { return q.nothingLeft(ctx) }); err != nil {
		return err
	}
	for _, w := range q.workers {
		w.Stop() // whose lines are all here then
	}
	return nil
}

// nothingLeft reports whether each record is accepted, rejected or given up, for the broker.
func (q *queue) nothingLeft(ctx context.Context) bool {
	coordinator, err := q.bench.Client.Coordinator(q.group)
	if err != nil {
		return false
	}
	client, err := share.Dial(ctx, q.bench.Cluster.Config("workshop"), coordinator.Addr())
	if err != nil {
		return false
	}
	defer client.Close()
	// Kafka 4.4 leaves the beginning behind where the last records were done out of order; the lag is zero then.
	starts, err := client.Starts(q.group)
	return err == nil && len(starts) == 1 && (starts[0].Offset == shareTasks || starts[0].Lag == 0)
}

// besideConsumers lets as many members of a consumer group read the same topic, and kills the one that has it.
func besideConsumers(ctx context.Context, b *rig.Bench, topic string, known *transactions) (part report.Part, err error) {
	group := b.Group("consumer-group")
	var members []*rig.Process
	for i := range shareWorkers {
		name := fmt.Sprint("consumer-", i+1)
		p, err := b.Quietly(name, "batch-reader", "TOPIC="+topic, "CONSUMER_GROUP="+group, "GROUP_INSTANCE_ID="+name,
			fmt.Sprint("BATCH=", shareBatch), "WORK="+shareWork.String())
		if err != nil {
			return part, err
		}
		members = append(members, p)
		if i == 0 { // it has the partition before the others come, and keeps it
			if err := p.Await(ctx, "the first member reads", printed(1)); err != nil {
				return part, err
			}
		}
	}
	shownBy := func() (working []*rig.Process) {
		for _, m := range members {
			if printed(1)(m.Lines()) {
				working = append(working, m)
			}
		}
		return working
	}
	if err := members[0].Await(ctx, "a member is in the middle of its batch", printed(shareTasks/2+2)); err != nil {
		return part, err
	}
	alone := len(shownBy()) == 1
	members[0].Kill()
	committed, err := b.Committed(group, topic, 0)
	if err != nil {
		return part, err
	}
	for id := int(max(committed, 0)) + 1; id <= rig.Count(members[0].Lines(), `"id_transacao"`); id++ {
		part.Want.Repeated = append(part.Want.Repeated, id)
	}
	b.Say(shareGroupText("killed-too", members[0].Name, len(part.Want.Repeated)))
	if err := awaitCommitted(ctx, b, members[1], group, topic, shareTasks); err != nil {
		return part, err
	}
	for _, m := range members {
		m.Stop()
	}
	part.Title = shareGroupText("title-consumers")
	part.Counted = verdict.Check(verdict.Run{Log: known.log, Reads: known.shown(members...)})
	part.Facts = []report.Fact{
		{Text: shareGroupText("one-at-work", shareWorkers), Held: alone},
		{Text: shareGroupText("heir"), Held: len(shownBy()) == 2},
	}
	return part, nil
}

var ackBeforeWork = Control{
	Name:    "ack-before-work",
	instead: given("worker-1", "ACK=before"),
	caught:  func(parts []report.Part) bool { return len(parts[0].Counted.Missing) > 2 && !parts[0].Facts[4].Held },
}
