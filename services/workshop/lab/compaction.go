package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/report"
	"workshop.example/workshop/rig"
)

const (
	accounts = 5
	balances = 10 // of each account
)

// compact sends the balances of some accounts in turn to a compacted topic, and waits until it is.
//
// A segment holds two messages or so, and the last one is never compacted: there stands a message with a
// key of its own that is too large to be put beside a balance.
func compact(ctx context.Context, b *rig.Bench) (report.Part, error) {
	part := report.Part{Title: retentionText("title-compacted"), Unread: true, Highest: accounts * balances}
	topic := b.Name("balances")
	kind := kafka.Topic{Name: topic, Partitions: 1, Replicas: 3, Config: map[string]string{
		"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01",
	}}
	if err := smallSegments(ctx, b, kind, 256); err != nil {
		return part, err
	}
	sender, err := rig.NewSender(ctx, b.Cluster, b.Cluster.Config("workshop"))
	if err != nil {
		return part, err
	}
	defer sender.Close()
	var run verdict.Run
	send := func(key, value string) error {
		msg := &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(key), Value: sarama.StringEncoder(value)}
		err := sender.Send(ctx, msg)
		run.Writes = append(run.Writes, verdict.Write{Message: verdict.Message{Number: len(run.Writes) + 1}, Outcome: verdict.Acknowledged})
		return err
	}
	last := map[string]string{}
	for n := range accounts * balances {
		key, value := fmt.Sprint("conta-", n%accounts+1), fmt.Sprintf(`{"saldo":%d}`, 100*(n/accounts+1))
		if err := send(key, value); err != nil {
			return part, fmt.Errorf("send to %s: %w", topic, err)
		}
		last[key] = value
	}
	if err := send("fim", strings.Repeat("x", 150)); err != nil {
		return part, fmt.Errorf("send to %s: %w", topic, err)
	}
	run.Writes = run.Writes[:accounts*balances] // the last one only closes the segment before it
	var left map[string]string
	err = erased(ctx, b, topic+" is compacted", func() bool {
		run.Log, left, err = keyed(ctx, b, topic)
		return err == nil && len(run.Log) <= len(last)
	})
	if err != nil {
		return part, err
	}
	countSends(&part, run)
	return judgeCompaction(part, last, left), nil
}

// judgeCompaction: of every account the last balance is left, where it was, and nothing else.
func judgeCompaction(part report.Part, last, left map[string]string) report.Part {
	for id := 1; id <= accounts*(balances-1); id++ {
		part.Want.Lost = append(part.Want.Lost, id)
	}
	var wrong []string
	for key, value := range last {
		if left[key] != value {
			wrong = append(wrong, key)
		}
	}
	slices.Sort(wrong)
	part.Facts = []report.Fact{{
		Text: retentionText("last-of-each", accounts),
		Held: len(wrong) == 0,
	}}
	if len(wrong) > 0 {
		part.Notes = []service.Text{retentionText("missing", strings.Join(wrong, ", "))}
	}
	return part
}

// keyed are the balances in the topic, numbered by their offsets, and the last value of each key there.
func keyed(ctx context.Context, b *rig.Bench, topic string) ([]verdict.Record, map[string]string, error) {
	log, values := []verdict.Record{}, map[string]string{}
	_, err := kafka.ReadToEnd(ctx, b.Client, topic, 0, sarama.OffsetOldest, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		if msg.Offset < accounts*balances {
			log = append(log, verdict.Record{Message: verdict.Message{Number: int(msg.Offset) + 1}, Offset: msg.Offset})
			values[string(msg.Key)] = string(msg.Value)
		}
		return nil
	})
	return log, values, err
}
