package lab

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"golang.org/x/sync/errgroup"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var retentionText = Labs.Texts("retention")

var retention = add(Lab{
	Name:     "retention",
	run:      runRetention,
	Controls: []Control{otherGroup},
})

const (
	retentionTime = 8 * time.Second // retention.ms
	readFirst     = 20              // messages that the groups read before their rest
	neverRead     = 40              // that come while they rest
	comeLater     = 20              // that come when those are gone
	beforeReturn  = readFirst + neverRead
)

func runRetention(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	var byTime []report.Part
	var bySize, byKey report.Part
	together, inTime := errgroup.WithContext(ctx)
	together.Go(func() (err error) { byTime, err = outlive(inTime, b); return err })
	together.Go(func() (err error) { bySize, err = overflow(inTime, b); return err })
	together.Go(func() (err error) { byKey, err = compact(inTime, b); return err })
	if err := together.Wait(); err != nil {
		return nil, err
	}
	return append(byTime, bySize, byKey), nil
}

// erased waits until the brokers have erased something. The embedded cluster knows the same settings, but
// has nobody who looks at the clock for it; it erases batch by batch, where real brokers erase segments.
func erased(ctx context.Context, b *rig.Bench, what string, done func() bool) error {
	return rig.Await(ctx, what+" (real brokers look every log.retention.check.interval.ms and log.cleaner.backoff.ms; compose/broker.env "+
		"sets a second for both)", func() bool {
		if b.Embedded != nil {
			b.Embedded.Compact() // which applies the retention, too
		}
		return done()
	})
}

// startProducer is the first offset that a topic still has.
func startProducer(b *rig.Bench, topic string) int64 {
	start, err := b.Client.GetOffset(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return -1
	}
	return start
}

// follower is a group of the consumer that rests for too long.
type follower struct {
	name, group string
	lives       []*rig.Process
}

func (f *follower) read(ctx context.Context, b *rig.Bench, topic string, until int, vars ...string) error {
	own := []string{"TOPIC=" + topic, "CONSUMER_GROUP=" + f.group, "GROUP_INSTANCE_ID=" + f.name}
	p, err := b.Quietly(f.name, "consumer", append(own, vars...)...)
	if err != nil {
		return err
	}
	f.lives = append(f.lives, p)
	err = p.Await(ctx, fmt.Sprintf("%d messages are printed", until), printed(until))
	p.Stop() // which commits
	return err
}

// keep ends the retention by time, or on a slow machine what comes last would be gone before a group has read it.
func keep(b *rig.Bench, topic string) error {
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return err
	}
	forever := "-1"
	return admin.IncrementalAlterConfig(sarama.TopicResource, topic, map[string]sarama.IncrementalAlterConfigsEntry{
		"retention.ms": {Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &forever},
	}, false)
}

// outlive has two groups rest for longer than messages are kept.
func outlive(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
	topic := b.Name("transactions")
	kind := kafka.Topic{Name: topic, Partitions: 1, Replicas: 3, Config: map[string]string{
		"retention.ms": fmt.Sprint(retentionTime.Milliseconds()), "segment.ms": "1000",
	}}
	if err := b.Topics(ctx, kind.WithDeadLetters()...); err != nil {
		return nil, err
	}
	var known transactions
	come := func(name string, n int) error {
		if err := produce(ctx, b, name, topic, n, "PACE=5ms", fmt.Sprint("SEED=", b.Seed+uint64(len(known.log)))); err != nil {
			return err
		}
		return known.look(ctx, b, topic)
	}
	if err := come("producer-1", readFirst); err != nil {
		return nil, err
	}
	followers := []*follower{{name: "earliest", group: b.Group("group-earliest")}, {name: "latest", group: b.Group("group-latest")}}
	for _, f := range followers {
		if err := f.read(ctx, b, topic, readFirst); err != nil {
			return nil, err
		}
	}
	b.Say(retentionText("read", readFirst, neverRead))
	if err := come("producer-2", neverRead); err != nil {
		return nil, err
	}
	if err := erased(ctx, b, fmt.Sprintf("%s begins at offset %d", topic, beforeReturn),
		func() bool { return startProducer(b, topic) >= beforeReturn }); err != nil {
		return nil, err
	}
	b.Say(retentionText("deleted", startProducer(b, topic), comeLater))
	if err := keep(b, topic); err != nil {
		return nil, err
	}
	if err := come("producer-3", comeLater); err != nil {
		return nil, err
	}
	var back errgroup.Group
	for _, f := range followers {
		back.Go(func() error { return f.read(ctx, b, topic, comeLater, "AUTO_OFFSET_RESET="+f.name) })
	}
	if err := back.Wait(); err != nil {
		return nil, err
	}
	var parts []report.Part
	for _, f := range followers {
		part, err := judgeFollower(b, f, topic, &known)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// What the consumer says of messages that were erased before it had read them.
const removedPT, removedEN = "apagadas pela retenção antes de serem lidas", "deleted by retention before they were read"

func judgeFollower(b *rig.Bench, f *follower, topic string, known *transactions) (report.Part, error) {
	part := report.Part{
		Title:   retentionText("title-time", f.name),
		Counted: verdict.Check(verdict.Run{Log: known.log, Reads: known.shown(f.lives...)}),
		Highest: beforeReturn + comeLater,
	}
	for id := readFirst + 1; id <= beforeReturn; id++ {
		part.Want.Lost = append(part.Want.Lost, id)
	}
	committed, err := b.Committed(f.group, topic, 0)
	if err != nil {
		return part, err
	}
	phrase := service.Pick(b.Lang, removedPT, removedEN)
	var said []string
	for _, line := range f.lives[len(f.lives)-1].Lines() {
		if strings.Contains(line.Text, phrase) {
			said = append(said, line.Text)
			b.Say(retentionText("says", f.name, line.Text))
		}
	}
	offsets := fmt.Sprintf(service.Pick(b.Lang, "offsets %d a %d", "offsets %d to %d"), readFirst, beforeReturn-1)
	part.Facts = []report.Fact{
		{Text: retentionText("not-seen", readFirst, beforeReturn-1),
			Held: len(said) == 1 && strings.HasSuffix(said[0], offsets)},
		{Text: retentionText("goes-on", beforeReturn+comeLater),
			Held: committed == beforeReturn+comeLater},
	}
	return part, nil
}

const (
	sizeMessages = 100
	retainBytes  = 12 << 10 // retention.bytes
	segmentBytes = 4 << 10  // segment.bytes: the least that is erased at a time, and at most so much is kept besides
)

// smallSegments creates a topic of small segments. Kafka 4 wants segment.bytes to be 1 MiB at least (KIP-1030); less is to be had under the
// name that its own tests use.
func smallSegments(ctx context.Context, b *rig.Bench, kind kafka.Topic, bytes int) error {
	of := func(name string) error {
		t := kind
		t.Config = maps.Clone(kind.Config)
		t.Config[name] = fmt.Sprint(bytes)
		return b.Topics(ctx, t)
	}
	err := of("segment.bytes")
	if errors.Is(err, sarama.ErrInvalidConfig) {
		return of("internal.segment.bytes")
	}
	return err
}

// overflow fills a topic beyond its size.
func overflow(ctx context.Context, b *rig.Bench) (report.Part, error) {
	part := report.Part{Title: retentionText("title-bytes"), Unread: true, Highest: sizeMessages}
	topic := b.Name("overflow")
	kind := kafka.Topic{Name: topic, Partitions: 1, Replicas: 3, Config: map[string]string{
		"retention.bytes": fmt.Sprint(retainBytes),
	}}
	if err := smallSegments(ctx, b, kind, segmentBytes); err != nil {
		return part, err
	}
	// One by one, as a batch must fit into a segment.
	h, err := mode{acks: sarama.WaitForAll, sync: true}.send(ctx, b.Cluster, topic, toSend(topic, 1, sizeMessages, 0))
	if err != nil {
		return part, err
	}
	err = erased(ctx, b, topic+" has shrunk to its size", func() bool {
		size, err := logSize(b, topic)
		return err == nil && startProducer(b, topic) > 0 && size <= retainBytes+segmentBytes
	})
	if err != nil {
		return part, err
	}
	size, err := logSize(b, topic)
	if err != nil {
		return part, err
	}
	log, err := sentLog(ctx, b, topic, topic)
	if err != nil {
		return part, err
	}
	run := verdict.Run{Writes: h.writes(topic), Log: log}
	countSends(&part, run)
	return judgeSize(part, missing(run), size), nil
}

// judgeSize: erased is the beginning, and no more of it than the settings say.
func judgeSize(part report.Part, missing []int, size int64) report.Part {
	for id := range missing {
		part.Want.Lost = append(part.Want.Lost, id+1)
	}
	part.Facts = []report.Fact{
		{Text: retentionText("gone"), Held: len(missing) > 0 && slices.Equal(missing, part.Want.Lost)},
		{Text: retentionText("left", size),
			Held: size >= retainBytes-segmentBytes && size <= retainBytes+segmentBytes},
	}
	return part
}

// logSize is how many bytes the leader of a topic's only partition keeps.
func logSize(b *rig.Bench, topic string) (int64, error) {
	leader, err := b.Client.Leader(topic, 0)
	if err != nil {
		return 0, err
	}
	admin, err := sarama.NewClusterAdminFromClient(b.Client)
	if err != nil {
		return 0, err
	}
	dirs, err := admin.DescribeLogDirs([]int32{leader.ID()})
	if err != nil {
		return 0, err
	}
	for _, dir := range dirs[leader.ID()] {
		for _, t := range dir.Topics {
			if t.Topic == topic && len(t.Partitions) == 1 {
				return t.Partitions[0].Size, nil
			}
		}
	}
	return 0, fmt.Errorf("broker %d does not tell the size of %s", leader.ID(), topic)
}

var otherGroup = Control{
	Name: "other-group",
	instead: func(name, program string, vars []string) (string, []string) {
		if name == "latest" && slices.Contains(vars, "AUTO_OFFSET_RESET=latest") {
			i := slices.IndexFunc(vars, func(v string) bool { return strings.HasPrefix(v, "CONSUMER_GROUP=") })
			vars = append(slices.Clone(vars), vars[i]+"-other", "AUTO_OFFSET_RESET=earliest")
		}
		return program, vars
	},
	caught: func(parts []report.Part) bool { return !parts[1].Facts[0].Held && parts[0].Holds() },
}
