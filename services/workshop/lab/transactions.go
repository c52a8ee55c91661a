package lab

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/IBM/sarama"

	"workshop.example/kit/event"
	"workshop.example/kit/kafka"
	"workshop.example/kit/verdict"
	"workshop.example/workshop/rig"
)

// transactions are those of the producer on a topic with one partition, numbered from 1 by where they
// stand: ids of sequence begin anew with every run of it, offsets do not. Messages that are erased later
// stay known to who has looked before.
type transactions struct {
	log     []verdict.Record
	numbers map[string]int // by id_transacao, which no other run of the producer makes again
	next    int64          // the first offset that was not looked at yet
}

// look takes in what has come to the topic since the last look.
func (t *transactions) look(ctx context.Context, b *rig.Bench, topic string) error {
	if t.numbers == nil {
		t.numbers, t.log, t.next = map[string]int{}, []verdict.Record{}, sarama.OffsetOldest
	}
	next, err := kafka.ReadToEnd(ctx, b.Client, topic, 0, t.next, sarama.ReadCommitted, func(msg *sarama.ConsumerMessage) error {
		tx, err := event.DecodeTransaction(msg.Value)
		if err != nil {
			return fmt.Errorf("offset %d: %w", msg.Offset, err)
		}
		number := int(msg.Offset) + 1
		t.numbers[tx.IDTransacao] = number
		t.log = append(t.log, verdict.Record{Message: verdict.Message{Number: number}, Offset: msg.Offset})
		return nil
	})
	t.next = next
	return err
}

// shown are the transactions that lives of a consumer have printed. One that was never in the topic has
// number 0, which makes it a ghost.
func (t *transactions) shown(lives ...*rig.Process) []verdict.Read {
	reads := []verdict.Read{}
	for i, life := range lives {
		for _, line := range life.Lines() {
			if id, ok := transactionID(line.Text); ok {
				reads = append(reads, verdict.Read{Message: verdict.Message{Number: t.numbers[id]}, Session: fmt.Sprintf("%s#%d", life.Name, i+1)})
			}
		}
	}
	return reads
}

// transactionID is what a line says that is a transaction: consumers print them as they came.
func transactionID(line string) (id string, ok bool) {
	var tx struct {
		ID string `json:"id_transacao"`
	}
	return tx.ID, json.Unmarshal([]byte(line), &tx) == nil && tx.ID != ""
}

// printed says whether a life has printed so many transactions.
func printed(n int) func([]rig.Line) bool {
	return func(lines []rig.Line) bool { return rig.Count(lines, `"id_transacao"`) >= n }
}

// produce runs the producer until it has sent so many transactions, which are all acknowledged.
func produce(ctx context.Context, b *rig.Bench, name, topic string, n int, vars ...string) error {
	own := []string{"TOPIC=" + topic, fmt.Sprint("COUNT=", n), fmt.Sprint("SEED=", b.Seed)}
	p, err := b.Quietly(name, "producer", append(own, vars...)...)
	if err != nil {
		return err
	}
	if code, err := p.Wait(ctx); err != nil || code != 0 {
		return unexpected(err, "%s ended with exit code %d", name, code)
	}
	return nil
}
