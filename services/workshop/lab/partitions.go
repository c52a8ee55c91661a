package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/verdict"
	"workshop.example/kit/wait"
	"workshop.example/workshop/experiment"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

var partitionsText = Labs.Texts("partitions")

var partitions = add(Lab{
	Name:     "partitions",
	Pace:     100 * time.Millisecond,
	ByHand:   experiment.ByHand{Topics: []string{"meu-topico"}, Groups: []string{"meu-grupo", "grupo-de-consumo-1"}},
	run:      func(ctx context.Context, b *rig.Bench) ([]report.Part, error) { return spreadKeys(ctx, b, nil) },
	Controls: []Control{otherHash},
})

const (
	tenMessages     = 10 // of the course on Kafka concepts
	threePartitions = 3
)

// someKeys cover three partitions, and two of them meet on one.
var someKeys = []string{"ana", "bia", "duda", "eva"}

// spreadKeys sends with the workshop's own settings, and the partitioner where one is given.
func spreadKeys(ctx context.Context, b *rig.Bench, partitioner sarama.PartitionerConstructor) ([]report.Part, error) {
	conf := b.Cluster.Config("workshop")
	if partitioner != nil {
		conf.Producer.Partitioner = partitioner
	}
	sender, err := rig.NewSender(ctx, b.Cluster, conf)
	if err != nil {
		return nil, fmt.Errorf("send ten messages: %w", err)
	}
	defer sender.Close()

	keys := slices.Repeat(someKeys, tenMessages)[:tenMessages]
	rand.New(rand.NewPCG(b.Seed, 0)).Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	without, err := sendTen(ctx, b, sender, b.Name("meu-topico"), make([]string, tenMessages))
	if err != nil {
		return nil, err
	}
	if slices.IndexFunc(without, func(p placed) bool { return p.partition != without[0].partition }) < 0 {
		return nil, &rig.NotRun{Cause: "all ten messages without a key went to one partition, which happens once in 20,000 times: run it again"}
	}
	with, err := sendTen(ctx, b, sender, b.Name("meu-topico-com-chave"), keys)
	if err != nil {
		return nil, err
	}
	return []report.Part{partWithoutKeys(without), partWithKeys(with)}, nil
}

// placed is one of the ten messages, as a reader finds it.
type placed struct {
	key       string // empty: none
	number    int
	partition int32
	offset    int64
}

// sendTen sends a message for each key, in this order, none where it is empty, and returns what is in the
// topic then, partition by partition.
func sendTen(ctx context.Context, b *rig.Bench, sender *rig.Sender, topic string, keys []string) ([]placed, error) {
	if err := b.Topics(ctx, kafka.Topic{Name: topic, Partitions: threePartitions, Replicas: 3}); err != nil {
		return nil, err
	}
	for n, key := range keys {
		value := fmt.Sprintf(`{"numero": %d, "mensagem": "Mensagem %d"}`, n, n)
		msg := &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(value)}
		label := partitionsText("no-key")
		if key != "" {
			msg.Key = sarama.StringEncoder(key)
			label = partitionsText("key", key)
		}
		if err := sender.Send(ctx, msg); err != nil {
			return nil, fmt.Errorf("send message %d: %w", n, err)
		}
		b.Say(partitionsText("sent", value, label, msg.Partition, msg.Offset))
		if err := wait.Sleep(ctx, b.Pace); err != nil {
			return nil, err
		}
	}
	return readTen(ctx, b, topic)
}

// readTen reads partition by partition. Where a message stands is what its reader says, not its sender.
func readTen(ctx context.Context, b *rig.Bench, topic string) ([]placed, error) {
	var all []placed
	for partition := range int32(threePartitions) {
		_, err := kafka.ReadToEnd(ctx, b.Client, topic, partition, sarama.OffsetOldest, sarama.ReadCommitted,
			func(msg *sarama.ConsumerMessage) error {
				var value struct{ Numero *int }
				if err := json.Unmarshal(msg.Value, &value); err != nil || value.Numero == nil {
					return fmt.Errorf("offset %d of partition %d: not one of the ten messages: %s", msg.Offset, partition, msg.Value)
				}
				all = append(all, placed{string(msg.Key), *value.Numero, partition, msg.Offset})
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func partWithoutKeys(all []placed) report.Part {
	part := partOfTen(all)
	part.Title = partitionsText("title-no-key")
	part.Facts = []report.Fact{acrossPartitions(all)}
	return part
}

func partWithKeys(all []placed) report.Part {
	part := partOfTen(all)
	part.Title = partitionsText("title-key")
	for _, key := range someKeys {
		var where []int32
		n := 0
		for _, p := range all {
			if p.key == key {
				where = append(where, p.partition)
				n++
			}
		}
		where = slices.Compact(where) // they are sorted
		want := javaPartition([]byte(key), threePartitions)
		part.Facts = append(part.Facts, report.Fact{
			Text: partitionsText("murmur2", key, n, numbered(where), want), Held: n > 1 && slices.Equal(where, []int32{want}),
		})
	}
	part.Facts = append(part.Facts, acrossPartitions(all))
	return part
}

// partOfTen counts: all ten were acknowledged, and in each partition the order of sending is to hold,
// whatever the keys.
func partOfTen(all []placed) report.Part {
	run := verdict.Run{Log: []verdict.Record{}}
	for n := range tenMessages {
		run.Writes = append(run.Writes, verdict.Write{Message: verdict.Message{Number: n}, Outcome: verdict.Acknowledged})
	}
	for _, p := range all {
		run.Log = append(run.Log, verdict.Record{Message: verdict.Message{Number: p.number}, Partition: p.partition, Offset: p.offset})
	}
	part := report.Part{Counted: verdict.Check(run), Unread: true, Sent: tenMessages, Acknowledged: tenMessages}
	for partition := range int32(threePartitions) {
		var cells []string
		for _, p := range all {
			if p.partition == partition {
				cells = append(cells, strings.TrimSpace(fmt.Sprint(p.key, " ", p.number)))
			}
		}
		row := strings.Join(cells, ", ")
		part.Table = append(part.Table, partitionsText("row", partition, row))
	}
	return part
}

// acrossPartitions is the sequence of somebody who reads one partition after the other. Whoever begins
// with the last one has just as much right to it.
func acrossPartitions(all []placed) report.Fact {
	reading := slices.Clone(all)
	if slices.IsSortedFunc(reading, byNumber) {
		slices.SortStableFunc(reading, func(a, b placed) int { return cmp.Compare(b.partition, a.partition) })
	}
	var sequence []string
	for _, p := range reading {
		sequence = append(sequence, fmt.Sprint(p.number))
	}
	return report.Fact{Text: partitionsText("sequence", strings.Join(sequence, " ")), Held: !slices.IsSortedFunc(reading, byNumber)}
}

func byNumber(a, b placed) int { return cmp.Compare(a.number, b.number) }

// numbered writes partitions as 0, 2.
func numbered(partitions []int32) string {
	texts := make([]string, len(partitions))
	for i, p := range partitions {
		texts[i] = fmt.Sprint(p)
	}
	if len(texts) == 0 {
		return "-"
	}
	return strings.Join(texts, ", ")
}

var otherHash = Control{
	Name: "fnv",
	run: func(ctx context.Context, b *rig.Bench) ([]report.Part, error) {
		return spreadKeys(ctx, b, sarama.NewHashPartitioner)
	},
	caught: func(parts []report.Part) bool {
		return parts[0].Holds() && slices.ContainsFunc(parts[1].Facts[:len(someKeys)], func(f report.Fact) bool { return !f.Held })
	},
}
