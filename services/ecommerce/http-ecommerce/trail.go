package httpecommerce

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
)

// Step is one record on an order's way.
type Step struct {
	Topic         string              `json:"topic"` // the contract's name
	Partition     int32               `json:"partition"`
	Offset        int64               `json:"offset"`
	At            time.Time           `json:"at"` // the record's timestamp
	Type          string              `json:"type"`
	CorrelationID event.CorrelationID `json:"correlationId"`
	Hops          []event.Hop         `json:"hops"`
}

// trails is what the topics tell of the last orders. Nothing of it comes from the gateway's database: a
// step is shown because a record was read. The first hop of a correlation id is the same in every record
// that one request has led to; the order's uuid is in the first of them, and in the decision.
type trails struct {
	settings stream.Settings
	process  *service.Process

	mu      sync.Mutex
	byRoot  map[string]*trail
	byOrder map[string]string // uuid to root
	oldest  []string          // roots, in the order in which they were seen first
}

// trail is the way of one request.
type trail struct {
	steps   []Step
	orders  []string      // uuids that were seen in it
	changed chan struct{} // closed when a step is added
}

// maxTrails bounds the memory: some kilobytes each.
const maxTrails = 2000

// backlog is how far back in a partition reading begins.
const backlog = 500

func newTrails(s stream.Settings, p *service.Process) *trails {
	return &trails{settings: s, process: p, byRoot: map[string]*trail{}, byOrder: map[string]string{}}
}

// of returns the steps of an order from the first-th on, and a channel that is closed when there are
// more. An order of which nothing was seen yet has no steps, and a channel that is never closed: ask
// again after a moment.
func (t *trails) of(order string, first int) ([]Step, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.byRoot[t.byOrder[order]]
	if tr == nil {
		return []Step{}, nil
	}
	return slices.Clone(tr.steps[min(first, len(tr.steps)):]), tr.changed
}

// add takes in one record.
func (t *trails) add(msg *sarama.ConsumerMessage) {
	envelope, err := event.DecodeEnvelope(msg.Value)
	if err != nil {
		return // no envelope, no way; the dead letter that it becomes has one
	}
	hops := envelope.CorrelationID.Hops()
	if len(hops) == 0 {
		return
	}
	step := Step{
		Topic: strings.TrimPrefix(msg.Topic, t.settings.Topic("")), Partition: msg.Partition, Offset: msg.Offset,
		At: msg.Timestamp.UTC(), Type: envelope.Type, CorrelationID: envelope.CorrelationID, Hops: hops,
	}
	order := ""
	if o, err := envelope.Order(); err == nil {
		order = o.ID
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.byRoot[hops[0].ID]
	if tr == nil {
		tr = &trail{changed: make(chan struct{})}
		t.byRoot[hops[0].ID] = tr
		t.oldest = append(t.oldest, hops[0].ID)
		t.forget()
	}
	if slices.ContainsFunc(tr.steps, func(s Step) bool {
		return s.Topic == step.Topic && s.Partition == step.Partition && s.Offset == step.Offset
	}) {
		return // read again, after a reconnect
	}
	tr.steps = append(tr.steps, step)
	if order != "" && !slices.Contains(tr.orders, order) {
		tr.orders = append(tr.orders, order)
		t.byOrder[order] = hops[0].ID
	}
	close(tr.changed)
	tr.changed = make(chan struct{})
}

// forget drops the oldest trails beyond the bound.
func (t *trails) forget() {
	for len(t.oldest) > maxTrails {
		root := t.oldest[0]
		t.oldest = t.oldest[1:]
		for _, order := range t.byRoot[root].orders {
			if t.byOrder[order] == root {
				delete(t.byOrder, order)
			}
		}
		delete(t.byRoot, root)
	}
}

// complete reports whether an order's way has ended and all of it was read: the order, its decision and
// the command of its e-mail, in whatever order the partitions gave them. Or it became a dead letter.
func complete(steps []Step) bool {
	seen := func(topics ...string) bool {
		return slices.ContainsFunc(steps, func(s Step) bool { return slices.Contains(topics, s.Topic) })
	}
	return seen(event.DeadLetterTopic) || seen(event.NewOrderTopic) && seen(event.OrderApprovedTopic,
		event.OrderRejectedTopic) && seen(event.SendEmailTopic)
}

// run reads every topic of the system until ctx ends. It is in no group: each gateway has to see all.
func (t *trails) run(ctx context.Context) error {
	conf := t.settings.Config(t.process)
	conf.Consumer.IsolationLevel = sarama.ReadCommitted // a decision whose transaction was aborted never was
	conf.Consumer.Fetch.Min = stream.Unhurried
	client, err := t.settings.Dial(ctx, conf, t.process, event.EcommerceTopics...)
	if err != nil {
		return err
	}
	defer wait.CloseWithin(wait.CloseTimeout, client)
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return err
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	for _, topic := range t.settings.Topics(event.EcommerceTopics...) {
		partitions, err := client.Partitions(topic)
		if err != nil {
			return err
		}
		for _, partition := range partitions {
			reading.Go(func() { t.read(ctx, client, consumer, topic, partition, backlog) })
		}
		reading.Go(func() {
			kafka.WatchPartitions(ctx, client, topic, len(partitions), func(partition int32) {
				reading.Go(func() { t.read(ctx, client, consumer, topic, partition, math.MaxInt64) })
			})
		})
	}
	<-ctx.Done()
	return nil
}

// read follows one partition. Sarama goes along with a leader that moves; what it cannot go on from,
// such as an offset that retention has taken away, begins anew. It begins at most back messages before
// the end.
func (t *trails) read(ctx context.Context, client sarama.Client, consumer sarama.Consumer, topic string, partition int32, back int64) {
	next := int64(-1)
	for ctx.Err() == nil {
		// Interruptible: where no broker answers, sarama asks for a minute, and a stop may take ten seconds.
		from, err := next, error(nil)
		if from < 0 {
			from, err = kafka.Interruptible(ctx, func() (int64, error) { return begin(client, topic, partition, back) })
		}
		var pc sarama.PartitionConsumer
		if err == nil {
			pc, err = kafka.Interruptible(ctx, func() (sarama.PartitionConsumer, error) { return consumer.ConsumePartition(topic, partition, from) })
		}
		if err != nil {
			next = -1
			wait.Sleep(ctx, time.Second)
			continue
		}
		next = t.follow(ctx, pc, from)
	}
}

// begin is the offset of the message that is so many before the end, or the oldest.
func begin(client sarama.Client, topic string, partition int32, back int64) (int64, error) {
	newest, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
	if err != nil {
		return -1, err
	}
	oldest, err := client.GetOffset(topic, partition, sarama.OffsetOldest)
	return max(oldest, newest-back), err
}

// follow takes in records until ctx ends or sarama gives the partition up, and returns where to go on:
// -1 where the offset is no use.
func (t *trails) follow(ctx context.Context, pc sarama.PartitionConsumer, next int64) int64 {
	defer pc.AsyncClose()
	for {
		select {
		case msg, ok := <-pc.Messages():
			if !ok {
				return -1
			}
			t.add(msg)
			next = msg.Offset + 1
		case err, ok := <-pc.Errors():
			if !ok {
				return -1
			}
			t.process.Log.Warn("reading the trail", "topic", err.Topic, "partition", err.Partition, "error", err.Err)
		case <-ctx.Done():
			return next
		}
	}
}
